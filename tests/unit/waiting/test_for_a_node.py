"""What kube-scheduler says is told in plain words, or passed on; most messages here are what 1.34.4 really said."""

import pytest

from steno_types import missing_resources
from steno_types.unschedulable import in_plain_words

PREEMPTION = (
    "no new claims to deallocate, preemption: 0/3 nodes are available: "
    "1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
)
"""What it adds on its own way out of the trouble."""


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        pytest.param(
            "1 node(s) had untolerated taint(s), 2 Insufficient nvidia.com/gpu",
            "No node that is open to it has enough nvidia.com/gpu free.",
            id="GPU taken",
        ),
        pytest.param(
            "3 Insufficient nvidia.com/gpu", "No node has enough nvidia.com/gpu free.", id="GPU taken everywhere"
        ),
        pytest.param(
            "1 Insufficient nvidia.com/gpu, 1 node(s) didn't match Pod's node affinity/selector, "
            "1 node(s) had untolerated taint(s)",
            "No node that is open to it has enough nvidia.com/gpu free.",
            id="GPU, selector and taint",
        ),
        pytest.param(
            "1 Insufficient cpu, 1 Insufficient memory, 2 node(s) had untolerated taint(s)",
            "No node that is open to it has enough cpu and memory free.",
            id="CPU and memory",
        ),
        pytest.param(
            "1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient ephemeral-storage, "
            "2 Insufficient memory, 2 Insufficient nvidia.com/gpu",
            "No node that is open to it has enough cpu, ephemeral-storage, memory and nvidia.com/gpu free.",
            id="everything",
        ),
        pytest.param(
            "1 node(s) had untolerated taint(s), 2 Insufficient nvidia.com/mig-1g.10gb",
            "No node that is open to it has enough nvidia.com/mig-1g.10gb free.",
            id="full stop within a resource's name",
        ),
        pytest.param(
            "1 Too many pods, 1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu",
            "No node that is open to it has enough nvidia.com/gpu free.",
            id="a node with two reasons",
        ),
        pytest.param(
            "1 Too many pods, 1 node(s) were unschedulable, 1 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is full (no room for another pod), 1 is cordoned and 1 is tainted against it.",
            id="too many pods",
        ),
        pytest.param(
            "1 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is not chosen by its nodeSelector or affinity and 2 are tainted against it.",
            id="selector",
        ),
        pytest.param(
            "1 node(s) didn't match pod anti-affinity rules, 2 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is ruled out by the affinity of pods and 2 are tainted against it.",
            id="anti-affinity",
        ),
        pytest.param(
            "1 node(s) didn't match pod affinity rules, 2 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is ruled out by the affinity of pods and 2 are tainted against it.",
            id="affinity",
        ),
        pytest.param(
            "1 node(s) didn't match pod topology spread constraints (missing required label), "
            "2 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is ruled out by topology spread constraints and 2 are tainted against it.",
            id="topology spread",
        ),
        pytest.param(
            "1 node(s) didn't have free ports for the requested pod ports, 2 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is without the host port it asks for and 2 are tainted against it.",
            id="host port",
        ),
        pytest.param(
            "1 node(s) didn't match PersistentVolume's node affinity, 2 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is out of reach of its volume and 2 are tainted against it.",
            id="volume elsewhere",
        ),
        pytest.param(
            "1 node(s) didn't find available persistent volumes to bind, 2 node(s) had untolerated taint(s)",
            "Of 3 nodes, 1 is without a volume for its claim and 2 are tainted against it.",
            id="volume to bind",
        ),
    ],
)
def test_what_nodes_say_is_put_plainly(reasons: str, told: str) -> None:
    """One sentence says what is missing, or what keeps each node away, and nothing of preemption."""
    assert told == in_plain_words(f"0/3 nodes are available: {reasons}. {PREEMPTION}")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param(
            "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: not eligible due "
            "to preemptionPolicy=Never.",
            "No node has enough cpu free.",
            id="may not preempt",
        ),
        pytest.param(
            '0/3 nodes are available: persistentvolumeclaim "models" not found. not found',
            "Its volume claim models does not exist.",
            id="no volume claim",
        ),
        pytest.param(
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            "Its volume claim has no volume yet.",
            id="unbound volume claim",
        ),
        pytest.param("no nodes available to schedule pods", "The cluster has no node.", id="no node"),
        pytest.param(
            "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }. "
            "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling..",
            "The only node is tainted against it.",
            id="1.33's words for a taint",
        ),
        pytest.param(
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had taint {a: b}, that the pod didn't tolerate.",
            "No node that is open to it has enough cpu free.",
            id="1.20's words for a taint",
        ),
        pytest.param(
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu",
            "No node has enough nvidia.com/gpu free.",
            id="without a full stop",
        ),
    ],
)
def test_what_the_scheduler_says_is_put_plainly(said: str, told: str) -> None:
    """The same of whole messages, those of other versions and those about no node among them."""
    assert told == in_plain_words(said)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("", id="nothing"),
        pytest.param("Waiting for the moon.", id="another scheduler's"),
        pytest.param(
            "0/4 nodes are available: 1 NodeUnfitPod, 1 node(s) had untolerated taint(s), 2 node unregistered.",
            id="reasons of another scheduler among known ones",
        ),
        pytest.param(
            '0/3 nodes are available: persistentvolumeclaim "models" bound to non-existent persistentvolume "pv". x',
            id="a fault of the pod that is not known",
        ),
        pytest.param("0/2 nodes are available: 1 Insufficient nvid…", id="cut short"),
        pytest.param("0/2 nodes are available: 1 Insufficient cpu, and more.", id="a reason with words behind it"),
        pytest.param("0/2 nodes are available: none, 1 Insufficient cpu.", id="a reason without its nodes"),
        pytest.param("0/2 nodes are available: .", id="no reason"),
    ],
)
def test_what_is_not_understood_is_passed_on(said: str) -> None:
    """Words that are not known, or not all of them, stay the scheduler's."""
    assert said == in_plain_words(said)


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        pytest.param("0/2 nodes are available: 2 Insufficient nvidia.com/gpu.", ("nvidia.com/gpu",), id="one"),
        pytest.param(
            "0/2 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.", ("cpu", "memory"), id="two"
        ),
        pytest.param("0/2 nodes are available: 2 node(s) were unschedulable.", (), id="none"),
        pytest.param("no nodes available to schedule pods", (), id="no node"),
    ],
)
def test_missing_resources_are_named(said: str, missing: tuple[str, ...]) -> None:
    """Programs get the resources' names as Kubernetes spells them."""
    assert missing == missing_resources(said)
