"""Run the test tiers in order and close with one line of counts.

``python hack/tiers.py TIER...``; the Makefile is its caller. Each tier is a pytest run of its own folder, so that one
that dies takes no other along. A skip fails the run unless its reason begins with one of `ALLOWED_SKIPS`.
"""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "build" / "tests"

ALLOWED_SKIPS = ("needs a GPU", "needs STENO_MULTISTEP_SOURCE")
"""What may be absent on a machine; everything else is installed by the project itself."""


OPTIONS = {"unit": ("--numprocesses=auto", "--dist=loadfile")}
"""Further options of pytest, by tier: the code alone is tested on all cores, module by module."""


@dataclass(slots=True)
class Counts:
    """How a run ended."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)
    """Why tests were skipped."""

    def add(self, other: "Counts") -> None:
        """Take another run's counts in."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.reasons += other.reasons

    @property
    def forbidden_skips(self) -> list[str]:
        """Reasons that must not stop a test here."""
        return [reason for reason in self.reasons if not reason.startswith(ALLOWED_SKIPS)]


def read_report(report: Path) -> Counts:
    """Count the tests of a JUnit report; a test that erred at teardown counts as failed."""
    counts = Counts()
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 -- pytest wrote it a moment ago
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif (skipped := case.find("skipped")) is not None:
            counts.skipped += 1
            counts.reasons.append(skipped.get("message") or "no reason given")
        else:
            counts.passed += 1
    return counts


def run_tier(tier: str) -> Counts:
    """Run one tier; a run without a report, or without a test, counts as one failure."""
    report = REPORTS / f"{tier}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", f"tests/{tier}", f"--junitxml={report}", *OPTIONS.get(tier, ())]
    exit_code = subprocess.run(command, cwd=ROOT, check=False).returncode
    counts = read_report(report) if report.exists() else Counts()
    if exit_code != 0 and counts.failed == 0:
        counts.failed += 1
    return counts


def main(tiers: Sequence[str]) -> int:
    """Run `tiers`; 0 when nothing failed and nothing was skipped that must not be."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    total = Counts()
    lines = []
    for tier in tiers:
        print(f"==> tier {tier}", flush=True)
        start_seconds = time.monotonic()
        counts = run_tier(tier)
        took_seconds = time.monotonic() - start_seconds
        lines.append(f"==> tier {tier}: {counts.passed} passed, {counts.failed} failed in {took_seconds:.0f} s")
        total.add(counts)
    print("\n".join(lines))
    for reason in total.reasons:
        print(f"skipped: {reason}")
    for reason in total.forbidden_skips:
        print(f"must not be skipped: {reason}")
        total.failed += 1
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
