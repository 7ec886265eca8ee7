"""Leases at a real API server, and those in memory that stand for them in other tests: one behaviour."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from kubernetes import client

from steno_kube import AlreadyExistsError, ConflictError, Lease, Leases, ResourceNotFoundError, connect
from support.kubernetes_api import Api
from support.leases import InMemoryLeases, LeaseServer

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
"""A whole second, whose fraction must be spelled all the same."""


@pytest.fixture(params=["server", "memory"])
async def leases(request: pytest.FixtureRequest, api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Leases]:
    """The Leases of one or the other."""
    if request.param == "memory":
        yield InMemoryLeases(LeaseServer())
        return
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig))
    connected = connect("steno-operator")
    yield Leases(connected)
    await connected.close()


@pytest.fixture
def wanted(api: Api) -> Lease:
    """A Lease that is not there yet."""
    return Lease(
        namespace=api.namespace,
        name="steno-operator",
        holder="steno-operator-0_0a1b2c3d",
        duration_seconds=15,
        acquired=NOON,
        renewed=NOON.replace(microsecond=250),
    )


def record(lease: Lease) -> Lease:
    """Leave away what the server counts."""
    return dataclasses.replace(lease, resource_version="")


async def test_what_is_written_is_read(leases: Leases, wanted: Lease) -> None:
    """Every field of the record survives the way there and back, to the microsecond."""
    created = await leases.create(wanted)
    read = await leases.get(wanted.namespace, wanted.name)

    assert wanted == record(created)
    assert created == read
    assert "" != read.resource_version


async def test_a_lease_that_is_not_there(leases: Leases, wanted: Lease) -> None:
    """Neither read nor replaced."""
    with pytest.raises(ResourceNotFoundError):
        await leases.get(wanted.namespace, wanted.name)
    with pytest.raises(ResourceNotFoundError):
        await leases.replace(dataclasses.replace(wanted, resource_version="1"))


async def test_of_two_creators_one_wins(leases: Leases, wanted: Lease) -> None:
    """The second learns that the name is taken, and changes nothing."""
    await leases.create(wanted)

    with pytest.raises(AlreadyExistsError):
        await leases.create(dataclasses.replace(wanted, holder="another"))

    assert wanted == record(await leases.get(wanted.namespace, wanted.name))


async def test_of_two_writers_one_wins(leases: Leases, wanted: Lease) -> None:
    """Whoever writes on what is no longer there conflicts, and changes nothing."""
    seen = await leases.create(wanted)
    first = await leases.replace(dataclasses.replace(seen, holder="first", transitions=1))

    with pytest.raises(ConflictError):
        await leases.replace(dataclasses.replace(seen, holder="second", transitions=1))

    assert first == await leases.get(wanted.namespace, wanted.name)
    assert "first" == first.holder


async def test_a_lease_can_be_given_up(leases: Leases, wanted: Lease) -> None:
    """An empty holder is kept as one, and the next takes it from there."""
    created = await leases.create(wanted)
    given_up = await leases.replace(dataclasses.replace(created, holder="", duration_seconds=1))
    taken = await leases.replace(dataclasses.replace(given_up, holder="next", duration_seconds=15))

    assert ("", 1) == (given_up.holder, given_up.duration_seconds)
    assert ("next", 15) == (taken.holder, taken.duration_seconds)


async def test_what_others_put_there_stays(api: Api, wanted: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label on the Lease outlives renewals, and a Lease without a record is nobody's."""
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig))
    coordination: Any = client.CoordinationV1Api(api.connection)
    metadata = {"name": wanted.name, "labels": {"team": "speech"}}
    coordination.create_namespaced_lease(api.namespace, {"metadata": metadata})
    connected = connect("steno-operator")
    leases = Leases(connected)

    found = await leases.get(wanted.namespace, wanted.name)
    await leases.replace(dataclasses.replace(wanted, resource_version=found.resource_version))

    assert ("", 0, None, 0) == (found.holder, found.duration_seconds, found.renewed, found.transitions)
    kept = coordination.read_namespaced_lease(wanted.name, api.namespace)
    assert ({"team": "speech"}, wanted.holder) == (kept.metadata.labels, kept.spec.holder_identity)
    await connected.close()
