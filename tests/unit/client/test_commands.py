"""The installed command as a subprocess, against a served gateway."""

import asyncio
import json
import os
import pty
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from support.api_keys import Key, write_keys
from support.gateway import gateway, served
from support.installation import Installation
from support.transcriber import RECORDING, SENTENCES, TEXT
from unit.client.cutting import Cut, cutting

STENO = Path(sys.executable).with_name("steno")
Ended = tuple[int, str, str]


def names_in(folder: Path, pattern: str) -> list[str]:
    """List the files of a folder that fit."""
    return [path.name for path in folder.glob(pattern)]


async def begun(folder: Path, url: str, *arguments: str, stderr: int = asyncio.subprocess.PIPE) -> Any:
    """Start the command in a folder."""
    environment = {**os.environ, "STENO_SERVER": url}
    return await asyncio.create_subprocess_exec(
        STENO, *arguments, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=stderr
    )


async def ran(folder: Path, url: str, *arguments: str) -> Ended:
    """Run the command to its end: exit code, stdout, stderr."""
    process = await begun(folder, url, *arguments)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def folder(tmp_path: Path, talk: Path) -> Path:
    """A folder with a recording in it, and a text that says it is one."""
    assert talk.parent == tmp_path
    (tmp_path / "notes.wav").write_bytes(TEXT)
    return tmp_path


async def test_from_recording_to_receipt(folder: Path, installation: Installation) -> None:
    """Each subcommand does its part, in a pipe without a bar."""
    submitted = await ran(folder, installation.url, "submit", "talk.wav")
    task_id = submitted[1].split()[0]
    waited = await ran(folder, installation.url, "wait", task_id)
    told = await ran(folder, installation.url, "status", task_id)
    listed = await ran(folder, installation.url, "jobs")
    counted = await ran(folder, installation.url, "queue")
    fetched = await ran(folder, installation.url, "download", task_id, "--format", "txt", "--format", "srt")
    printed = await ran(folder, installation.url, "download", task_id, "--stdout", "--format", "txt")
    released = await ran(folder, installation.url, "release", task_id)

    assert (0, f"{task_id}  talk.wav\n", "") == submitted
    assert (0, f"{task_id}  completed  talk.wav\n", "") == waited == told == listed
    assert (0, "waiting 0, running 0, completed 1, failed 0") == (counted[0], counted[1].splitlines()[0])
    assert (0, "talk.txt\ntalk.srt\n") == fetched[:2]
    assert SENTENCES[0] in (folder / "talk.srt").read_text()
    assert (0, (folder / "talk.txt").read_text()) == printed[:2]
    assert (0, f"{task_id}  released: 3 objects, 700 bytes, nothing is left\n", "") == released


async def test_json_is_one_document_a_line(folder: Path, installation: Installation) -> None:
    """Every subcommand answers programs, troubles included."""
    submitted = await ran(folder, installation.url, "submit", "--json", "talk.wav", "absent.wav")
    first, second = sorted((json.loads(line) for line in submitted[1].splitlines()), key=lambda each: "error" in each)
    task_id = first["task"]["task_id"]
    documents = [
        json.loads((await ran(folder, installation.url, *command, "--json"))[1])
        for command in (
            ["wait", task_id],
            ["status", task_id],
            ["jobs"],
            ["queue"],
            ["download", task_id],
            ["release", task_id],
        )
    ]

    assert (66, "absent.wav", "Source") == (submitted[0], second["about"], second["error"]["kind"])
    assert ["completed"] * 3 == [document["status"] for document in documents[:3]]
    assert (1, "talk.md", True) == (
        documents[3]["depth"]["completed"],
        documents[4]["file"],
        documents[5]["receipt"]["verified_empty"],
    )


async def test_of_twenty_recordings_one_fails(folder: Path, installation: Installation) -> None:
    """The pattern is expanded by the command, the others are transcribed, and the exit code tells."""
    (folder / "many").mkdir()
    for number in range(20):
        (folder / "many" / f"{number:02}.wav").write_bytes(TEXT if number == 7 else RECORDING + bytes([number]))

    code, out, err = await ran(
        folder, installation.url, "submit", "many/*.wav", "--wait", "--download", "txt", "--json"
    )

    tasks = {Path(line["source"]).name: line["task"] for line in map(json.loads, out.splitlines())}
    assert (1, 20, "") == (code, len(tasks), err)
    assert ["07.wav"] == [name for name, task in tasks.items() if task["status"] == "failed"]
    assert "AudioUndecodable" == tasks["07.wav"]["error"]["reason"]
    assert 19 == len(names_in(folder, "*.txt"))


async def test_ctrl_c_leaves_the_task_running(folder: Path, installation: Installation) -> None:
    """It says how to end the task, and ends at once; then that is done."""
    installation.transcriber.works.clear()
    _, out, _ = await ran(folder, installation.url, "submit", "talk.wav")
    task_id = out.split()[0]
    async with cutting(installation.url, []) as way:
        process = await begun(folder, way.url, "wait", task_id)
        await way.used.wait()
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    cancelled = await ran(folder, installation.url, "cancel", task_id)
    waited = await ran(folder, installation.url, "wait", task_id)

    assert (130, True) == (process.returncode, f"steno cancel {task_id}" in err.decode())
    assert (0, f"{task_id}  is being cancelled\n", "") == cancelled
    assert (1, True) == (waited[0], "Cancelled" in waited[1])


async def test_an_upload_that_broke_off_is_resumed(folder: Path, installation: Installation) -> None:
    """The command says which upload it was, and goes on with it in another run."""
    (folder / "long.wav").write_bytes(RECORDING + bytes(18 << 20))
    async with cutting(installation.url, [Cut(sent=17 << 20)]) as way:
        broken = await ran(folder, way.url, "submit", "long.wav", "--retries", "0", "--json")
    upload = json.loads(broken[1])["error"]["upload"]
    resumed = await ran(folder, installation.url, "submit", "long.wav", "--resume", upload, "--wait")

    assert (69, True) == (broken[0], upload in broken[2])
    assert (0, ["completed", "long.wav"]) == (resumed[0], resumed[1].split()[1:3])


async def test_bars_are_drawn_on_a_terminal(folder: Path, installation: Installation) -> None:
    """Stderr is a terminal: it moves there, and stdout has the answer alone."""
    ours, theirs = pty.openpty()
    process = await begun(folder, installation.url, "submit", "talk.wav", "--wait", stderr=theirs)
    os.close(theirs)
    out, _ = await process.communicate()
    drawn = os.read(ours, 1 << 16)
    os.close(ours)

    assert (0, True) == (process.returncode, b"talk.wav" in drawn and b"\x1b[" in drawn)
    assert b"\x1b" not in out
    assert b"completed" in out


async def test_a_wrong_key_is_said(folder: Path, tmp_path: Path) -> None:
    """The key's file is read, its key is shown to the server alone, and the exit code tells."""
    keys = tmp_path / "keys"
    keys.mkdir()
    key = Key()
    path = write_keys(keys / "keys.yaml", key)
    (folder / "right").write_text(f"{key.key}\n")
    (folder / "wrong").write_text("steno_wrong\n")
    async with gateway(api_keys_file=path, anonymous=False) as here, served(here.context) as port:
        url = f"http://127.0.0.1:{port}"
        right = await ran(folder, url, "queue", "--key-file", "right")
        wrong = await ran(folder, url, "queue", "--key-file", "wrong")

    assert (0, 77) == (right[0], wrong[0])
    assert "steno_wrong" not in wrong[2]
    assert 1 == len(wrong[2].splitlines())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["queue", "--server", "http://127.0.0.1:1", "--retries", "0"], 69, id="a server away"),
        pytest.param(["queue", "--server", "127.0.0.1"], 2, id="no address"),
        pytest.param(["queue", "--key-file", "absent"], 2, id="no key file"),
        pytest.param(["status", "tsj-absent"], 65, id="no such task"),
        pytest.param(["submit", "none-*.wav"], 66, id="a pattern that fits nothing"),
        pytest.param(["submit", "talk.wav", "--option", "beam_size=99"], 65, id="a bad option"),
        pytest.param(["submit", "talk.wav", "--option", "beam_size"], 2, id="an option without a value"),
    ],
)
async def test_what_goes_wrong_has_an_exit_code(
    folder: Path, installation: Installation, arguments: list[str], code: int
) -> None:
    """Each is said on stderr, without a traceback, and leaves stdout alone."""
    ended = await ran(folder, installation.url, *arguments)

    assert (code, "") == ended[:2]
    assert "Traceback" not in ended[2]
    assert ended[2].startswith(("steno ", "usage: steno "))
