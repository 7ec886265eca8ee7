"""Two installations on one prefix: one owns it and sweeps, the other never does, and says whose it is."""

import logging

import pytest

from steno_kube import KubeForbiddenError, KubeUnavailableError
from steno_operator.sweep import Sweep
from steno_store import ConditionalPutError, StoreUnavailableError, read_owner
from support.builders import LAYOUT
from support.object_store import InMemoryObjectStore
from support.references import InMemoryNamespaces
from unit.sweeping.broom import GRACE, OWN_NAMESPACE, UPLOAD, Broom


@pytest.fixture
def store() -> InMemoryObjectStore:
    """A store with an upload that neither installation's jobs name."""
    made = InMemoryObjectStore()
    made.put(UPLOAD, b"12345")
    return made


def another(store: InMemoryObjectStore) -> Broom:
    """Have an installation in a namespace of the same name, in another cluster."""
    return Broom(store, cluster=InMemoryNamespaces(steno_system="uid-in-another-cluster"))


async def test_the_first_to_sweep_owns_the_prefix(store: InMemoryObjectStore) -> None:
    """The record names the installation by the uid of its namespace, and people by the namespace's name."""
    broom = Broom(store)

    done = await broom.sweep()

    owner = read_owner(store, LAYOUT)
    assert owner is not None
    assert ("uid-of-steno-system", OWN_NAMESPACE, True) == (owner.installation, owner.namespace, done.owned)


async def test_the_other_never_sweeps(store: InMemoryObjectStore) -> None:
    """Its jobs are elsewhere, so everything here looks abandoned to it; not even a marker is put."""
    first, second = Broom(store), another(store)
    await first.sweep()
    await first.submit()
    await first.sweep()
    before = store.objects

    for _ in range(3):
        assert Sweep(owned=False) == await second.sweep(after=GRACE)

    assert before == store.objects
    assert 0 == second.references.lists


async def test_whose_it_is_is_said_once(store: InMemoryObjectStore, caplog: pytest.LogCaptureFixture) -> None:
    """The log names the owner and the remedy, and does not repeat itself every hour."""
    await Broom(store).sweep()
    second = another(store)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await second.sweep()

    (said,) = caplog.messages
    assert "s3://steno/steno/ belongs to another installation" in said
    assert "uid-of-steno-system" in said
    assert "delete the object s3://steno/steno/installation.json" in said


async def test_a_prefix_that_is_given_up_may_be_taken(store: InMemoryObjectStore) -> None:
    """Once somebody deletes the record of an installation that is gone, the next one sweeps."""
    await Broom(store).sweep()
    second = another(store)
    assert not (await second.sweep()).owned

    store.delete(LAYOUT.owner)

    assert (await second.sweep()).owned


async def test_a_restarted_operator_is_the_same_installation(store: InMemoryObjectStore) -> None:
    """Whichever replica leads, the namespace is the same, and so are the markers."""
    await Broom(store).sweep()

    done = await Broom(store).sweep(after=GRACE)

    assert (True, 1) == (done.owned, done.uploads)


@pytest.mark.parametrize("error", [KubeUnavailableError("no answer"), KubeForbiddenError("not yours")])
async def test_who_cannot_tell_who_it_is_does_nothing(store: InMemoryObjectStore, error: Exception) -> None:
    """Without the uid of its namespace an operator claims nothing and sweeps nothing."""
    broom = Broom(store)
    broom.cluster.failing = error  # type: ignore[assignment]  # both are KubeErrors

    with pytest.raises(type(error)):
        await broom.sweep()
    assert [UPLOAD] == [*store.objects]


async def test_who_cannot_read_the_owner_does_nothing(store: InMemoryObjectStore) -> None:
    """A store that does not answer for the record is not swept on a guess."""
    broom = Broom(store)
    store.failing, store.failing_calls = StoreUnavailableError("no answer"), frozenset({"get"})

    with pytest.raises(StoreUnavailableError):
        await broom.sweep()
    assert [UPLOAD] == [*store.objects]


async def test_a_store_that_ignores_conditions_is_never_swept() -> None:
    """On such a store nobody can own anything."""

    class Overwriting(InMemoryObjectStore):
        def put_if_absent(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> bool:
            self.put(key, body, content_type=content_type)
            return True

    store = Overwriting()
    store.put(UPLOAD, b"12345")

    with pytest.raises(ConditionalPutError):
        await Broom(store).sweep()
    assert not store.exists(LAYOUT.owner)
