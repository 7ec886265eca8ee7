"""What an operator is responsible for, as its settings say it, and by which election it acts."""

import pytest
from pydantic import ValidationError

from steno_operator.handlers import settings as kopf_settings
from steno_operator.leadership import Leadership
from steno_operator.lifecycle import Alone
from steno_operator.process import elector
from steno_operator.scope import Scope
from steno_operator.settings import OperatorSettings
from support.leases import InMemoryLeases, LeaseServer


def settings(**said: object) -> OperatorSettings:
    """Give the settings of an operator in the namespace `speech`."""
    return OperatorSettings.model_validate({"namespace": "speech", **said})


@pytest.mark.parametrize(
    ("said", "namespaces"),
    [
        pytest.param(None, ("speech",), id="nothing: its own"),
        pytest.param("radio", ("radio",), id="another"),
        pytest.param("radio,speech,radio", ("radio", "speech"), id="some, each once"),
        pytest.param("*", None, id="all"),
    ],
)
def test_the_namespaces(said: str | None, namespaces: tuple[str, ...] | None) -> None:
    """Jobs are served where the setting says, and the Lease lies at home in any case."""
    scope = Scope.of(settings(watch_namespaces=said))

    assert (namespaces, "speech", "steno-operator") == (scope.namespaces, scope.lease_namespace, scope.lease_name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("watch_namespaces", "", id="an empty list"),
        pytest.param("watch_namespaces", "radio, speech", id="a blank between names"),
        pytest.param("watch_namespaces", "radio,*", id="all and one"),
        pytest.param("watch_namespaces", "team-*", id="a pattern"),
        pytest.param("watch_namespaces", "radio,", id="an empty name"),
        pytest.param("watch_namespaces", "a" * 64, id="too long a name"),
        pytest.param("lease_name", "Steno", id="a Lease that cannot be"),
        pytest.param("pod_name", "a_b", id="a pod that cannot be"),
        pytest.param("leader_election", "perhaps", id="neither yes nor no"),
    ],
)
def test_what_cannot_be_is_refused(field: str, value: str) -> None:
    """A list that means something else than it says is refused at the start."""
    with pytest.raises(ValidationError, match=field):
        settings(**{field: value})


def test_a_shard_sees_its_jobs_alone() -> None:
    """The jobs' selector reaches their watch, and only theirs."""
    whole = Scope.of(settings())
    shard = Scope(
        namespaces=None, job_selector="steno.dev/shard=2", lease_namespace="speech", lease_name="steno-operator-2"
    )

    assert "steno.dev/shard=2" not in repr(vars(kopf_settings(whole).watching.label_selectors))
    assert 1 == repr(vars(kopf_settings(shard).watching.label_selectors)).count("steno.dev/shard=2")


def test_the_election_is_as_the_settings_say() -> None:
    """A Lease decides unless it is told not to; its holder is named by the pod."""
    chosen = settings(pod_name="steno-operator-5d4f", lease_name="other")
    leases = InMemoryLeases(LeaseServer())
    first, second = (elector(chosen, Scope.of(chosen), leases) for _ in range(2))

    assert isinstance(first, Leadership)
    assert isinstance(second, Leadership)
    assert first.identity.startswith("steno-operator-5d4f_")
    assert first.identity != second.identity
    assert isinstance(elector(settings(leader_election=False), Scope.of(chosen), leases), Alone)
