"""Recordings pass through in bounded memory, measured on a process of its own."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from steno_store import PART_BYTES
from support.s3_buckets import S3Account

PARTS = 20
"""320 MiB in all."""


def growth_bytes(direction: str, account: S3Account, bucket: str) -> int:
    """Run ``streaming_process.py`` and give what it prints."""
    script = Path(__file__).with_name("streaming_process.py")
    keys = (account.endpoint, account.access_key, account.secret_key)
    command = [sys.executable, "-W", "error", str(script), direction, *keys, bucket, str(PARTS)]
    environment = {**os.environ, "PYTHONPATH": str(script.parents[2])}
    return int(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def test_a_large_recording_passes_in_a_few_parts_of_memory(minio: S3Account) -> None:
    """Writing 320 MiB part by part holds at most three parts at a time, and reading it back less than one."""
    bucket = minio.new_bucket()

    written_growth = growth_bytes("upload", minio, bucket)
    read_growth = growth_bytes("download", minio, bucket)

    with closing(minio.store(bucket)) as store:
        assert PARTS * PART_BYTES == store.head("talk").size_bytes
        store.delete("talk")
    assert written_growth <= 3 * PART_BYTES
    assert read_growth <= PART_BYTES
