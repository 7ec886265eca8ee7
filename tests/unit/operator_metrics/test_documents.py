"""What is written for the person on call names metrics, reasons and rights that there are, and all of them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from steno_gateway import metrics as gateway_metrics
from steno_operator.roster import RosterStanding
from steno_types import FAILURES, Blame, Disposition, WaitingReason
from unit.operator_metrics.meter import Meter

ROOT = Path(__file__).parents[3]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "manifests" / "prometheus" / "alerts.yaml").read_text())

RULES = [rule for group in ALERTS["spec"]["groups"] for rule in group["rules"]]
NAMES = [rule["alert"] for rule in RULES]

RESULTS = {
    "steno_jobs_finished_total": {"Complete", "Failed"},
    "steno_reconcile_seconds_count": {"success", "overtaken", "error"},
    "steno_releases_total": {"verified", "gave_up"},
    "steno_sweeps_total": {"complete", "partial", "not_owned"},
}
"""Values of the label `result`."""


def platforms() -> str:
    """Spell the reasons for which a job fails and that are the platform's, in the failure table's order."""
    failing = (row for row in FAILURES if row.disposition is not Disposition.INTERRUPTED)
    return "|".join(row.reason for row in failing if row.blame is Blame.PLATFORM)


@pytest.fixture
def samples(meter: Meter) -> set[str]:
    """The names of all series that there can be, the gateway's among them."""
    meter.metrics.watch(dict)
    meter.metrics.show("leader", "1 on the replica that acts.", lambda: 1.0)
    meter.metrics.show("reconcile_queue_keys", "Jobs that wait for a reconcile.", lambda: 0.0)
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    gateway = gateway_metrics.Metrics(watch_age_seconds=lambda: None, upload_memory_bytes=lambda: 0)
    text = meter.metrics.text()[0].decode() + gateway.text().decode()
    own = (family for family in text_string_to_metric_families(text) if family.name.startswith("steno_"))
    return {family.name + end for family in own for end in ends.get(family.type, ("",))}


def metrics_in(text: str) -> set[str]:
    """Find names of metrics."""
    return set(re.findall(r"\bsteno_[a-z_]+\b", text))


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_asks_for_what_there_is(rule: dict[str, Any], samples: set[str]) -> None:
    """Each metric and each label's value of its expression is one of the operator's, or of the gateway's."""
    expression = " ".join(rule["expr"].split())

    assert metrics_in(expression)
    assert metrics_in(expression) <= samples
    for metric, selector in re.findall(r"(steno_[a-z_]+)\{([^}]*)\}", expression):
        wanted = dict(re.findall(r'(\w+)=~?"([^"]*)"', selector))
        assert set(wanted.get("result", "").split("|")) - {""} <= RESULTS.get(metric, set())
        assert set(wanted.get("standing", "").split("|")) - {""} <= {*RosterStanding}
    assert [] == [spelled for spelled in re.findall(r'reason=~"([^"]*)"', expression) if spelled != platforms()]
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """It has a severity, a sentence, and a place in the runbook that exists."""
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.*)$", OPERATIONS, flags=re.MULTILINE)

    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    assert "docs/operations.md" == path
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
    assert f"| {rule['alert']} |" in OPERATIONS


def test_every_alert_has_a_name_of_its_own() -> None:
    """Ten of them at most, so that each is read."""
    assert 6 <= len(NAMES) <= 10
    assert len(NAMES) == len({*NAMES})
    assert {*NAMES} == set(re.findall(r"^\| (Steno\w+) \|", OPERATIONS, flags=re.MULTILINE))


def test_every_metric_stands_in_the_table(samples: set[str]) -> None:
    """The page names each metric that there is, and none besides."""
    rows = "\n".join(line.split("|")[1] for line in OPERATIONS.splitlines() if line.startswith("| `steno_"))
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in samples}

    assert families == metrics_in(rows)
    assert metrics_in(OPERATIONS) <= families | samples


def test_every_standing_is_explained() -> None:
    """The gauge's row names each place where a job can stand."""
    (row,) = (line for line in OPERATIONS.splitlines() if line.startswith("| `steno_jobs` |"))

    assert [] == [standing for standing in RosterStanding if standing not in row]


def test_every_reason_to_wait_has_a_remedy() -> None:
    """The runbook names each reason that the operator writes; those that people are told elsewhere are not there."""
    told_by_the_gateway = {WaitingReason.BEHIND_OTHERS, WaitingReason.MODEL_LOADING}
    rows = {line.split("`")[1] for line in OPERATIONS.splitlines() if line.startswith("| `")}

    assert {*WaitingReason} - told_by_the_gateway <= rows


def test_links_lead_somewhere() -> None:
    """Each file that the page names is there, and each heading."""
    headings = {heading.lower() for heading in re.findall(r"^#+ (.*)$", OPERATIONS, flags=re.MULTILINE)}
    anchors = {heading.replace(" ", "-") for heading in headings}
    targets = re.findall(r"\]\(([^)]+)\)", OPERATIONS)

    assert [] == [target for target in targets if target.startswith("#") and target[1:] not in anchors]
    files = (target.partition("#")[0] for target in targets if not target.startswith("#"))
    assert [] == [name for name in files if not (ROOT / "docs" / name).exists()]
