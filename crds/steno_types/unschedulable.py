"""Read what kube-scheduler says of a pod that no node takes, and say it so that people understand it.

Called by `explanation`. The words are kube-scheduler's (1.34; `tests/unit/waiting` holds what it really said)::

    0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint(s). no new claims to ...
    |   |                    |                              |                                   |
    |   nodes in all         how many nodes say so, and why; a node may say several things      preemption: dropped
    0/3 nodes are available: persistentvolumeclaim "models" not found. not found                no node was asked

Where any node lacks a resource, that is what is missing: the others are not open to the pod at all. Where none does,
every reason is told with its nodes counted; if one of them is not known here, the scheduler's own words are passed
on. It does not say how much of a resource is missing.

Must not know about jobs.
"""

import re
from typing import Final

_REPORT: Final = re.compile(r"0/(?P<total>\d+) nodes are available: (?P<reasons>.*?)(?:\.[.\s]|\.?$)", re.DOTALL)
"""The reasons end at the first full stop that ends a sentence: a resource's name has full stops within."""

_NEXT_REASON: Final = re.compile(r", (?=\d+ )")
"""A comma before a count; one that older schedulers put into a reason stands before a word."""

_REASON: Final = re.compile(r"(?P<nodes>\d+) (?P<reason>.+)", re.DOTALL)

_INSUFFICIENT: Final = re.compile(r"Insufficient (?P<resource>[^\s…]+)")

_NO_NODES: Final = "no nodes available to schedule pods"
"""All that it says where there is no node."""

_OF_NODES: Final = (
    (re.compile(r"Too many pods"), "full (no room for another pod)"),
    (re.compile(r"node\(s\) had (?:untolerated taint|taint)"), "tainted against it"),
    (re.compile(r"node\(s\) were unschedulable"), "cordoned"),
    (
        re.compile(r"node\(s\) didn't match (?:Pod's node affinity|node selector|scheduler-enforced node affinity)"),
        "not chosen by its nodeSelector or affinity",
    ),
    (re.compile(r"node\(s\) didn't match the requested node name"), "not the node it asks for by name"),
    (
        re.compile(r"node\(s\) didn't match pod (?:affinity|anti-affinity)|node\(s\) didn't satisfy existing pods"),
        "ruled out by the affinity of pods",
    ),
    (re.compile(r"node\(s\) didn't match pod topology spread"), "ruled out by topology spread constraints"),
    (re.compile(r"node\(s\) didn't have free ports"), "without the host port it asks for"),
    (
        re.compile(r"node\(s\) (?:had volume node affinity conflict|didn't match PersistentVolume's node affinity)"),
        "out of reach of its volume",
    ),
    (re.compile(r"node\(s\) didn't find available persistent volumes"), "without a volume for its claim"),
    (re.compile(r"node\(s\) did not have enough free storage"), "without enough storage for its volume"),
    (re.compile(r"node\(s\) exceed max volume count"), "full (no room for another volume)"),
)
"""What one node's reason comes to, to be said after a number of nodes."""

_OF_THE_POD: Final = (
    (re.compile(r'persistentvolumeclaim "(?P<claim>[^"]+)" not found'), "Its volume claim {claim} does not exist."),
    (re.compile(r"pod has unbound immediate PersistentVolumeClaims"), "Its volume claim has no volume yet."),
)
"""What is wrong before any node is looked at."""


def missing_resources(message: str) -> tuple[str, ...]:
    """List the resources that nodes lack, as Kubernetes names them, in the scheduler's order; none: it is no lack."""
    return tuple(found["resource"] for _, reason in _reasons(message) if (found := _INSUFFICIENT.fullmatch(reason)))


def in_plain_words(message: str) -> str:
    """Say in one sentence why no node takes the pod; `message` itself where it is not understood in whole.

    Parameters
    ----------
    message
        Of the pod's condition PodScheduled, or of an event FailedScheduling.
    """
    report = _REPORT.match(message)
    if report is None:
        return "The cluster has no node." if message.strip() == _NO_NODES else message
    reasons = _reasons(message)
    if not reasons:
        return next(
            (_filled(words, said) for known, words in _OF_THE_POD if (said := known.search(report[2]))), message
        )
    total = int(report["total"])
    if lacking := missing_resources(message):
        which = "No node" if len(lacking) == len(reasons) else "No node that is open to it"
        return f"{which} has enough {_listed(lacking)} free."
    known = [(nodes, _of_nodes(reason)) for nodes, reason in reasons]
    if any(words is None for _, words in known):
        return message
    of_all = "The only node is" if total == 1 else f"Of {total} nodes,"
    told = [words if total == 1 else f"{nodes} {'is' if nodes == 1 else 'are'} {words}" for nodes, words in known]
    return f"{of_all} {_listed([str(words) for words in told])}."


def _reasons(message: str) -> list[tuple[int, str]]:
    """Give each reason with how many nodes gave it."""
    report = _REPORT.match(message)
    parts = _NEXT_REASON.split(report["reasons"]) if report else []
    counted = [_REASON.fullmatch(part) for part in parts]
    whole = [part for part in counted if part is not None]
    return [(int(part["nodes"]), part["reason"]) for part in whole] if len(whole) == len(parts) else []


def _of_nodes(reason: str) -> str | None:
    return next((words for known, words in _OF_NODES if known.match(reason)), None)


def _filled(words: str, said: re.Match[str]) -> str:
    return words.format(**said.groupdict())


def _listed(words: list[str] | tuple[str, ...]) -> str:
    """Join words as a sentence does."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
