"""The custom resource in kubectl's hands: columns, names, strictness, waiting, explaining."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from control_plane.crd.conftest import Kubectl
from control_plane.crd.questions import SPEC, TIME, Asker, condition
from steno_types import API_VERSION, KIND
from support.kubernetes_api import wait_for

SAMPLES = sorted((Path(__file__).parents[3] / "manifests" / "samples").glob("*.yaml"))

STATUS = {
    "phase": "Completed",
    "conditions": [condition("Complete")],
    "progress": {"percent": 42, "processedSeconds": 1, "totalSeconds": 2, "time": TIME},
    "media": {"durationSeconds": 28.66, "language": "en"},
    "realTimeFactor": 0.05,
    "effective": {"profile": "cpu", "image": "i", "engine": "faster-whisper-1.2", "model": "tiny"},
    "failure": {"reason": "NoAudioStream", "message": "m", "retryable": False},
}


def table(printed: str) -> list[dict[str, str]]:
    """Read what kubectl prints, by the headings' places."""
    heading, *lines = printed.splitlines()
    places = [match.span() for match in re.finditer(r"\S+\s*", heading)]
    return [
        {heading[a:b].strip(): line[a : b if b < len(heading) else None].strip() for a, b in places} for line in lines
    ]


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        pytest.param(
            [],
            {
                "PHASE": "Completed",
                "PROGRESS": "42",
                "DURATION": "28.66",
                "LANGUAGE": "en",
                "RTF": "0.05",
            },
            id="narrow",
        ),
        pytest.param(
            ["-o", "wide"],
            {
                "PHASE": "Completed",
                "PROGRESS": "42",
                "DURATION": "28.66",
                "LANGUAGE": "en",
                "RTF": "0.05",
                "ENGINE": "faster-whisper-1.2",
                "MODEL": "tiny",
                "QUEUE": "",
                "REASON": "NoAudioStream",
            },
            id="wide",
        ),
    ],
)
def test_the_columns(asker: Asker, kubectl: Kubectl, options: list[str], columns: dict[str, str]) -> None:
    """`kubectl get tsj` shows what people ask first, and the rest when asked for."""
    assert asker.create(SPEC) is None
    assert asker.tell(STATUS) is None

    (row,) = table(kubectl("get", "tsj", asker.name, *options).stdout)

    assert re.fullmatch(r"\d+s", row.pop("AGE"))
    assert {"NAME": asker.name, **columns} == row
    assert ["NAME", *columns] == [*row]


@pytest.mark.parametrize("word", ["tsj", "transcriptionjob", "transcriptionjobs", "steno", "all"])
def test_the_names(asker: Asker, kubectl: Kubectl, word: str) -> None:
    """Short name, singular, plural and the two categories all find the job."""
    assert asker.create(SPEC) is None

    found = kubectl("get", word, "-o", "name").stdout.split()

    assert f"transcriptionjob.steno.dev/{asker.name}" in found


def manifest(name: str, **changes: Any) -> str:
    """Write a manifest as a user would."""
    return json.dumps({"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": SPEC, **changes})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"spec": {**SPEC, "langauge": "de"}}, "spec.langauge", id="a slip of the pen"),
        pytest.param(
            {"spec": {"source": {"tape": {"reel": 1}}}}, "spec.source.tape", id="a source of a later version"
        ),
        pytest.param({"specs": {}}, "specs", id="beside the spec"),
    ],
)
def test_an_unknown_field_is_refused(asker: Asker, kubectl: Kubectl, changes: dict[str, Any], field: str) -> None:
    """Strict validation names a field that nothing implements, rather than dropping it."""
    done = kubectl("apply", "-f", "-", stdin=manifest(asker.name, **changes), check=False)

    assert 0 != done.returncode
    assert f'unknown field "{field}"' in done.stderr
    assert asker.api.job(asker.name) is None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_are_accepted(kubectl: Kubectl, sample: Path) -> None:
    """What a reader copies passes the server's strict validation as it stands."""
    done = kubectl("apply", "--dry-run=server", "--validate=strict", "-f", str(sample))

    assert done.stdout.endswith("created (server dry run)\n")


def test_applying_twice_changes_nothing(asker: Asker, kubectl: Kubectl) -> None:
    """The defaults that the server fills in do not get in the way of the same manifest applied again."""
    kubectl("apply", "-f", "-", stdin=manifest(asker.name))

    again = kubectl("apply", "-f", "-", stdin=manifest(asker.name)).stdout

    assert f"transcriptionjob.steno.dev/{asker.name} unchanged" == again.strip()


def test_waiting_for_the_end(asker: Asker, kubectl: Kubectl) -> None:
    """`kubectl wait --for=condition=Complete` ends when the job does."""
    assert asker.create(SPEC) is None
    assert asker.tell(STATUS) is None

    kubectl("wait", "--for=condition=Complete", f"tsj/{asker.name}", "--timeout=10s")

    assert 0 != kubectl("wait", "--for=condition=Failed", f"tsj/{asker.name}", "--timeout=0s", check=False).returncode


def test_explaining(kubectl: Kubectl) -> None:
    """`kubectl explain` has the models' own words for a field."""

    def explained() -> subprocess.CompletedProcess[str] | None:
        # The server publishes the schema a moment after it serves the resource.
        done = kubectl("explain", "tsj.spec.source.upload.id", check=False)
        return done if done.returncode == 0 else None

    said = wait_for(explained, "the schema to be published").stdout

    assert "Id of the upload, as the gateway gave it." in " ".join(said.split())
