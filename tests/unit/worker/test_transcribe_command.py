"""``steno transcribe``: what it writes, what it refuses to overwrite, and its exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from steno_worker.command import main
from unit.worker.attempts import MODEL
from unit.worker.recordings import cut, write_recording

STENO = Path(sys.executable).with_name("steno")
FAKE = ("--engine", "fake", "--option", "chunkSeconds=5")
"""Longer chunks would say the same again and again, which is taken for a fault."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder(tmp_path: Path, meeting: Path) -> Path:
    """A folder with the meeting in it."""
    shutil.copy(meeting, tmp_path / "meeting.wav")
    return tmp_path


def names_in(folder: Path) -> set[str]:
    """List what lies in a folder."""
    return {path.name for path in folder.iterdir()}


def test_the_installed_command_transcribes_the_meeting(folder: Path) -> None:
    """As a person runs it: three files beside the recording, their names on stdout, no bar in a pipe."""
    command = [str(STENO), "transcribe", "meeting.wav", "--model", str(MODEL), "--option", "maxChunkSeconds=12"]

    ended = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=120)

    assert (0, "") == (ended.returncode, ended.stderr)
    assert {"meeting.md", "meeting.srt", "meeting.json"} == set(ended.stdout.split())
    assert {"meeting.wav", "meeting.md", "meeting.srt", "meeting.json"} == names_in(folder)
    transcript = json.loads((folder / "meeting.json").read_text())
    assert "Good morning everyone." == transcript["segments"][0]["text"]
    assert ("meeting", str(MODEL)) == (transcript["job"]["name"], transcript["engine"]["model"])
    assert "Good morning everyone." in (folder / "meeting.md").read_text()


def test_a_relative_folder_is_a_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People name what lies before them."""
    monkeypatch.chdir(MODEL.parent)

    ended = main([str(folder / "meeting.wav"), "--model", MODEL.name, "--option", "maxChunkSeconds=12", "--quiet"])

    assert 0 == ended


def test_formats_and_folder_are_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what is asked for is written, and where; the folder is made."""
    out = folder / "a" / "b"

    ended = main([str(folder / "meeting.wav"), *FAKE, "--output-dir", str(out), "--format", "vtt", "--format", "tsv"])

    assert 0 == ended
    assert {"meeting.vtt", "meeting.tsv"} == names_in(out)
    assert {str(out / "meeting.vtt"), str(out / "meeting.tsv")} == set(capsys.readouterr().out.split())


def test_quiet_is_quiet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts that know where transcripts are."""
    main([str(folder / "meeting.wav"), *FAKE, "--quiet"])

    assert ("", "") == capsys.readouterr()


def test_nothing_is_overwritten_and_no_work_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file in the way of any recording stops them all, before a model is loaded."""
    shutil.copy(folder / "meeting.wav", folder / "other.wav")
    (folder / "other.srt").write_text("mine")

    ended = main([str(folder / "meeting.wav"), str(folder / "other.wav"), "--model", "no-such-model"])

    assert 2 == ended
    assert f"{folder / 'other.srt'} is there already; use --force to overwrite it." in capsys.readouterr().err
    assert {"meeting.wav", "other.wav", "other.srt"} == names_in(folder)


def test_force_overwrites(folder: Path) -> None:
    """Who insists, gets it."""
    (folder / "meeting.srt").write_text("mine")

    assert 0 == main([str(folder / "meeting.wav"), *FAKE, "--format", "srt", "--force"])
    assert "mine" != (folder / "meeting.srt").read_text()


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["plain", "forced"])
@pytest.mark.parametrize(
    ("recordings", "said"),
    [
        pytest.param(["a.wav", "a.flac"], "would both be written to", id="two of one name"),
        pytest.param(["a.wav", "a.md"], "is a recording; it is not overwritten", id="named like a transcript"),
    ],
)
def test_transcripts_replace_neither_each_other_nor_a_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], recordings: list[str], said: str, force: list[str]
) -> None:
    """Not even by force, as nobody wants that."""
    files = [tmp_path / name for name in recordings]
    for file in files:
        file.write_text("recording")

    assert 2 == main([*map(str, files), *FAKE, *force])
    assert said in capsys.readouterr().err
    assert ["recording"] * len(files) == [file.read_text() for file in files]


def test_the_first_failure_decides_and_the_others_go_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of an absent file, one that is no recording, and a good one, the good one is transcribed."""
    (folder / "notes.wav").write_text("Minutes of the meeting")
    files = [str(folder / name) for name in ("absent.wav", "notes.wav", "meeting.wav")]

    ended = main([*files, *FAKE, "--format", "txt"])

    said = capsys.readouterr()
    assert 66 == ended
    assert f"{folder / 'meeting.txt'}\n" == said.out
    first, second = said.err.splitlines()
    assert f"steno transcribe: {folder / 'absent.wav'}: There is no such file." == first
    assert second.startswith(f"steno transcribe: {folder / 'notes.wav'}: ")
    assert {"notes.wav", "meeting.wav", "meeting.txt"} == names_in(folder)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        pytest.param(["--model", "/models/absent"], 78, "There is no folder /models/absent", id="model"),
        pytest.param(["--model", "s3://models/whisper"], 78, "there is no object store here", id="bucket"),
        pytest.param([*FAKE, "--option", "nonsense=1"], 65, "engine.options.nonsense is no option", id="option"),
        pytest.param([*FAKE, "--option", "fail=engine-failed"], 75, "", id="engine"),
        pytest.param([*FAKE, "--option", "silent=true"], 65, "have no text", id="incomplete"),
        pytest.param([*FAKE, "--channel", "7"], 65, "", id="channel"),
    ],
)
def test_exit_codes_are_the_failure_tables(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], exit_code: int, said: str
) -> None:
    """What a pod would have ended with; nothing is written."""
    ended = main([str(folder / "meeting.wav"), *arguments])

    assert exit_code == ended
    assert said in capsys.readouterr().err
    assert {"meeting.wav"} == names_in(folder)


def test_an_engine_that_cannot_be_loaded_is_said_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No other file changes that."""
    shutil.copy(folder / "meeting.wav", folder / "other.wav")

    main([str(folder / "meeting.wav"), str(folder / "other.wav"), "--model", "/models/absent"])

    assert ["steno transcribe: There is no folder /models/absent in the worker's image or volumes."] == (
        capsys.readouterr().err.splitlines()
    )


def test_warnings_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording that breaks off is transcribed as far as it goes, and it is told."""
    recording = cut(write_recording(tmp_path / "tone.wav", seconds=4.0), kept=0.5)

    assert 0 == main([str(recording), *FAKE, "--quiet"])
    assert f"steno transcribe: {recording}: warning: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "the following arguments are required: FILE", id="no file"),
        pytest.param(["a.wav", "--beam-size", "0"], "argument --beam-size: Input should be greater", id="beam size"),
        pytest.param(
            ["a.wav", "--batch-size", "999"], "argument --batch-size: Input should be less", id="batch size"
        ),
        pytest.param(["a.wav", "--option", "nonsense"], "argument --option: nonsense is not NAME=VALUE", id="option"),
        pytest.param(["a.wav", "--channel", "-1"], "argument --channel: channels are counted from 0", id="channel"),
        pytest.param(["a.wav", "--format", "docx"], "argument --format: invalid", id="format"),
    ],
)
def test_arguments_that_cannot_be_followed_are_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """By the name that they were given under."""
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert 2 == raised.value.code
    assert said in capsys.readouterr().err


HEARING_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Starts a program as a terminal would: what a shell runs in the background is born deaf to Ctrl-C."""


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [pytest.param(signal.SIGINT, 130, id="ctrl-c"), pytest.param(signal.SIGTERM, 143, id="sigterm")],
)
def test_ctrl_c_ends_it_at_once_and_tidily(folder: Path, number: signal.Signals, exit_code: int) -> None:
    """While the engine computes, the process ends without a transcript and leaves nothing behind."""
    (scratch := folder / "tmp").mkdir()
    out = folder / "out"
    command = [str(STENO), "transcribe", "meeting.wav", *FAKE, "--option", "secondsPerAudioSecond=100"]
    with subprocess.Popen(
        [sys.executable, "-c", HEARING_CTRL_C, *command, "--output-dir", str(out)],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not list(scratch.rglob("engine")):  # made right before the engine begins
            assert process.poll() is None

        process.send_signal(number)

        try:
            assert exit_code == process.wait(timeout=30)
        finally:
            process.kill()
        assert process.stderr is not None
        assert "steno transcribe: interrupted\n" == process.stderr.read()
    assert [] == list(scratch.iterdir())
    assert not out.exists()


def test_it_ends_though_nobody_reads_what_it_says(folder: Path) -> None:
    """A terminal that is gone breaks the pipe; the process ends all the same, and does not wait for the engine."""
    (scratch := folder / "tmp").mkdir()
    command = [str(STENO), "transcribe", "meeting.wav", *FAKE, "--option", "secondsPerAudioSecond=100"]
    with subprocess.Popen(
        [*command, "--output-dir", str(folder / "out")],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
    ) as process:
        while not list(scratch.rglob("engine")):
            assert process.poll() is None
        assert process.stderr is not None
        process.stderr.close()

        process.terminate()

        try:
            assert 143 == process.wait(timeout=30)
        finally:
            process.kill()
