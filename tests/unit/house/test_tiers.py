"""The closing line of `make test` counts what pytest reported, and lets no skip pass unseen."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

REPORT = """<testsuites><testsuite>
<testcase name="a"/>
<testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><error message="teardown"/></testcase>
<testcase name="d"><skipped message="{reason}"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(scope="module")
def tiers() -> ModuleType:
    """The script, which is no package."""
    path = Path(__file__).parents[3] / "hack" / "tiers.py"
    spec = importlib.util.spec_from_file_location("tiers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("reason", "forbidden"),
    [
        pytest.param("needs a GPU", [], id="allowed"),
        pytest.param("no Docker here", ["no Docker here"], id="anything else"),
    ],
)
def test_report_is_counted(tiers: ModuleType, tmp_path: Path, reason: str, forbidden: list[str]) -> None:
    """Failures and errors both count as failed; a skip is allowed by its reason alone."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT.format(reason=reason))

    counts = tiers.read_report(report)

    assert (1, 2, 1) == (counts.passed, counts.failed, counts.skipped)
    assert forbidden == counts.forbidden_skips
