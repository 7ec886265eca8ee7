"""One installation owns a prefix, and no store that ignores conditional writes may hold one."""

from datetime import datetime, timedelta

import pytest

from steno_store import (
    BucketNotFoundError,
    ConditionalPutError,
    Layout,
    Owner,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
    check_conditional_put,
    claim_prefix,
    read_owner,
)
from steno_store.ownership import RENEWAL_SECONDS
from support.builders import NOON
from support.object_store import InMemoryObjectStore

LAYOUT = Layout("steno")
OURS = Owner(installation="uid-1", namespace="steno-system", claimed=NOON, renewed=NOON)
WEEK = timedelta(seconds=RENEWAL_SECONDS)


class OverwritingStore(InMemoryObjectStore):
    """A store that does not know ``If-None-Match``, and takes every PUT."""

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> bool:
        """Write an object, whatever is there."""
        self.put(key, body, content_type=content_type)
        return True


@pytest.fixture
def store() -> InMemoryObjectStore:
    """An empty store."""
    return InMemoryObjectStore()


def claim(
    store: InMemoryObjectStore, installation: str = "uid-1", now: datetime = NOON, namespace: str = "steno-system"
) -> Owner:
    """Claim the prefix."""
    return claim_prefix(store, LAYOUT, installation=installation, namespace=namespace, now=now)


def test_whoever_claims_first_is_the_owner(store: InMemoryObjectStore) -> None:
    """The first claim stands, and a second installation is told whose it is."""
    assert read_owner(store, LAYOUT) is None

    assert OURS == claim(store)
    assert OURS == claim(store, "uid-2", NOON + timedelta(days=400), "elsewhere")
    assert OURS == read_owner(store, LAYOUT)


def test_the_slower_of_two_claims_at_once_is_told_who_won() -> None:
    """A claim that finds the prefix free and is overtaken reads the winner's record."""

    class Overtaken(InMemoryObjectStore):
        def put_if_absent(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> bool:
            if key == LAYOUT.owner:
                self.put(key, OURS.model_dump_json(by_alias=True).encode())
            return super().put_if_absent(key, body, content_type=content_type)

    assert OURS == claim(Overtaken(), "uid-2")


def test_a_claim_whose_answer_was_lost_is_ones_own() -> None:
    """A retried PUT that is refused because the first got through leaves the claimant the owner."""

    class Forgetful(InMemoryObjectStore):
        def put_if_absent(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> bool:
            super().put_if_absent(key, body, content_type=content_type)
            return False

    assert OURS == claim(Forgetful())


@pytest.mark.parametrize(
    ("passed", "renewed"),
    [
        pytest.param(WEEK - timedelta(seconds=1), False, id="a second early"),
        pytest.param(WEEK, True, id="in time"),
        pytest.param(-WEEK, True, id="written by a clock that was ahead"),
    ],
)
def test_the_owner_renews_its_record(store: InMemoryObjectStore, passed: timedelta, *, renewed: bool) -> None:
    """A record that a lifecycle rule would expire is written anew by its owner alone, once a week."""
    claim(store)

    again = claim(store, now=NOON + passed)

    assert (NOON, NOON + passed if renewed else NOON) == (again.claimed, again.renewed)
    assert again == read_owner(store, LAYOUT)


def test_what_is_no_record_is_nobodys(store: InMemoryObjectStore) -> None:
    """Nobody owns a prefix whose record cannot be read, and nobody takes it."""
    store.put(LAYOUT.owner, b'{"installation": 7}')

    with pytest.raises(StoreError, match=r"installation\.json does not say who owns the prefix"):
        claim(store)
    assert b'{"installation": 7}' == store.get(LAYOUT.owner)


def test_a_record_that_comes_and_goes_is_asked_for_again() -> None:
    """A claim that was refused by a record that is not there is a store to be tried again."""

    class Blinking(InMemoryObjectStore):
        def put_if_absent(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> bool:
            del key, body, content_type
            return False

    with pytest.raises(StoreUnavailableError, match="refused as present and is absent"):
        claim(Blinking())


def test_a_missing_bucket_is_no_free_prefix() -> None:
    """Where there is no bucket, nothing is claimed."""
    store = InMemoryObjectStore()
    store.failing = BucketNotFoundError("no bucket")

    with pytest.raises(BucketNotFoundError):
        claim(store)


def test_a_store_with_conditional_writes_passes(store: InMemoryObjectStore) -> None:
    """It is asked twice the first time and once ever after, and keeps one small object."""
    check_conditional_put(store, LAYOUT)
    check_conditional_put(store, LAYOUT)

    assert [LAYOUT.conditional_put] == [*store.objects]


def test_a_store_that_writes_over_is_refused() -> None:
    """A second conditional PUT that succeeds is a store on which two attempts could both win."""
    store = OverwritingStore()

    with pytest.raises(ConditionalPutError, match=r"wrote steno/conditional-put\.txt over .* Use a store"):
        check_conditional_put(store, LAYOUT)


def test_a_store_that_writes_over_is_never_claimed() -> None:
    """The question is asked of another object first, so that no owner's record is lost by asking."""
    store = OverwritingStore()

    with pytest.raises(ConditionalPutError):
        claim(store)
    assert read_owner(store, LAYOUT) is None


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        pytest.param(StoreError("NotImplemented"), ConditionalPutError, id="no such feature"),
        pytest.param(StoreUnavailableError("no answer"), StoreUnavailableError, id="no answer"),
        pytest.param(StoreForbiddenError("denied"), StoreForbiddenError, id="denied"),
    ],
)
def test_only_a_lacking_feature_is_the_stores_last_word(
    store: InMemoryObjectStore, failing: StoreError, expected: type[StoreError]
) -> None:
    """An outage or a missing right says nothing about conditional writes."""
    store.failing = failing

    with pytest.raises(expected) as caught:
        check_conditional_put(store, LAYOUT)
    assert expected is caught.type
