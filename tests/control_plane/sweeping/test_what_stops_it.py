"""A sweep that may not, or cannot see everything, deletes nothing: another's prefix, a missing right, an outage."""

from contextlib import closing

from control_plane.conftest import account_of, new_namespace
from control_plane.sweeping.yard import GRACE, LAYOUT, Interrupted, TimedStore, Yard, allow_sweeping
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_operator.client import JobReferences
from steno_operator.names import Names
from steno_store import ObjectStore, read_owner


class Blind(JobReferences):
    """Lists that show nothing, as of a cluster where the jobs are not."""

    async def of(self, namespace: str) -> Names:
        """See no job."""
        del namespace
        return Names()


async def test_of_two_installations_on_one_prefix_one_sweeps(yard: Yard, control_plane: ControlPlane) -> None:
    """The second, to which everything looks abandoned, touches nothing of the first one's, however long it waits."""
    yard.submit("talk", yard.upload())
    await yard.sweep()
    elsewhere = new_namespace(control_plane)
    allow_sweeping(yard.api, elsewhere.namespace)
    second = yard.a_sweeper(Blind(yard.client, LAYOUT), own_namespace=elsewhere.namespace)
    before = yard.versions()

    for _ in range(3):
        yard.pass_time(GRACE)
        assert not (await second.sweep()).owned

    owner = read_owner(yard.store, LAYOUT)
    assert owner is not None
    assert yard.api.core.read_namespace(yard.api.namespace).metadata.uid == owner.installation
    assert before == yard.versions()


async def test_jobs_that_may_not_be_listed_keep_everything(yard: Yard, control_plane: ControlPlane) -> None:
    """Where the list of the jobs is forbidden nothing is even marked; the next namespace is swept all the same."""
    forbidden = new_namespace(control_plane).namespace
    key = LAYOUT.upload(forbidden, "ab" * 16)
    yard.store.put(key, b"theirs")
    yard.upload()
    yard.sweeper = yard.a_sweeper(yard.references, watched=(forbidden, yard.api.namespace))
    await yard.sweep()

    done = await yard.sweep(after=GRACE)

    assert ([forbidden], 1) == (done.failed, done.uploads)
    assert [key] == [found.key for found in yard.store.list(LAYOUT.namespace(forbidden))]


async def test_a_store_that_goes_away_midway_loses_nothing(yard: Yard) -> None:
    """Whenever the store falls silent, the sweep ends early; once it is back, the next one ends the work."""
    with (
        MinioServer() as server,
        closing(account_of(server)) as account,
        closing(account.store(account.new_bucket(), tries=1)) as store,
    ):
        await _interrupted_twice(yard, server, store)


async def _interrupted_twice(yard: Yard, server: MinioServer, store: ObjectStore) -> None:
    references = Interrupted(yard.client)
    sweeper = yard.a_sweeper(references, store=TimedStore.of(store, yard))
    upload, results = yard.key("ab" * 16), LAYOUT.results(yard.api.namespace, "talk", "0a0b0c0d")
    store.put(upload, b"12345")
    store.put(f"{results}manifest.json", b"12345")
    await sweeper.sweep()
    yard.pass_time(GRACE)
    for number in (1, 2):
        references.lists = 0

        async def stop(reached: int, wanted: int = number) -> None:
            if reached == wanted:
                server.stop()

        references.before = stop
        cut_off = await sweeper.sweep()
        server.start()

        assert ([yard.api.namespace], 0) == (cut_off.failed, cut_off.objects)
        assert [True, True] == [store.exists(upload), store.exists(f"{results}manifest.json")]

    references.before = None
    done = await sweeper.sweep()

    assert (1, 1) == (done.uploads, done.results)
    assert [] == [*store.list(LAYOUT.namespace(yard.api.namespace))]
