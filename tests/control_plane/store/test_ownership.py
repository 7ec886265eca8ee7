"""A prefix has one owner, however many claim it at once, on every store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from steno_store import Layout, ObjectStore, Owner, check_conditional_put, claim_prefix, read_owner
from steno_store.ownership import RENEWAL_SECONDS

LAYOUT = Layout("team/steno")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def claim(store: ObjectStore, installation: str, now: datetime = NOON) -> Owner:
    """Claim the prefix."""
    return claim_prefix(store, LAYOUT, installation=installation, namespace="steno-system", now=now)


def test_one_of_many_claims_wins(store: ObjectStore) -> None:
    """Sixteen installations claim the same prefix at once, and all are told of the same owner."""
    with ThreadPoolExecutor(16) as pool:
        told = [*pool.map(lambda number: claim(store, f"uid-{number}"), range(16))]

    assert 1 == len({owner.installation for owner in told})
    assert told[0] == read_owner(store, LAYOUT)


def test_an_owner_stays_one(store: ObjectStore) -> None:
    """It renews its record after a week; whoever else asks, however late, does not get the prefix."""
    week = timedelta(seconds=RENEWAL_SECONDS)
    claim(store, "uid-1")

    late = claim(store, "uid-2", NOON + 60 * week)
    renewed = claim(store, "uid-1", NOON + week)

    assert ("uid-1", NOON) == (late.installation, late.renewed)
    assert (NOON, NOON + week) == (renewed.claimed, renewed.renewed)
    assert renewed == read_owner(store, LAYOUT)


def test_the_store_honours_conditional_writes(store: ObjectStore) -> None:
    """MinIO and Versity's gateway pass, the first time and later."""
    for _ in range(2):
        check_conditional_put(store, LAYOUT)

    assert [LAYOUT.conditional_put] == [found.key for found in store.list(LAYOUT.root)]
