"""The bare server beside the gateway: what uvicorn, FastAPI and boto3 do with next to nothing in between.

Run by `stand` as ``python -m benchmarks.gateway.bare``; answers

- ``PUT /uploads/``: streams the body into the store, in parts of the gateway's size, two of them under way;
- ``GET /status/{task_id}``: a FastAPI route that gives two words;
- ``GET /document/{task_id}``: a FastAPI route that gives a document of the size of a status.

No limits, no checks, no clean-up: it is the least that can be called a server. Must not know Steno.
"""

import asyncio
import os
import uuid
from typing import Any, Final

import boto3
import uvicorn
import uvloop
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

PART_BYTES: Final = 16 << 20
"""The gateway's own."""

UNDER_WAY: Final = 2
"""Parts."""

DOCUMENT: Final[dict[str, Any]] = {
    "task_id": "tsj-3f9c2ab41d07",
    "status": "pending",
    "phase": "Queued",
    "file_name": "interview.flac",
    "progress": None,
    "media": None,
    "language": "de",
    "created": "2026-01-31T12:00:00Z",
    "started": None,
    "completed": None,
    "expires": None,
    "warnings": [],
    "error": None,
    "outputs": [],
    "waiting": {"position": 12, "reason": "BehindOthers", "message": "11 jobs of the profile 'gpu' go first."},
}

app = FastAPI()
s3 = boto3.client("s3", endpoint_url=os.environ["STENO_STORE_ENDPOINT"], region_name="us-east-1")
bucket = os.environ["STENO_STORE_BUCKET"]


@app.get("/readyz")
async def readyz() -> dict[str, str]:
    """Say that it is there."""
    return {"status": "ok"}


@app.get("/status/{task_id}")
async def status(task_id: str) -> dict[str, str]:
    """Give two words."""
    return {"task_id": task_id, "status": "pending"}


@app.get("/document/{task_id}")
async def document(task_id: str) -> dict[str, Any]:
    """Give a document."""
    return {**DOCUMENT, "task_id": task_id}


@app.put("/uploads/")
async def upload(request: Request) -> dict[str, int]:
    """Stream a body into the store."""
    key = f"bare/{uuid.uuid4()}"
    upload_id = (await run_in_threadpool(s3.create_multipart_upload, Bucket=bucket, Key=key))["UploadId"]
    sending: list[asyncio.Task[dict[str, Any]]] = []
    filling = bytearray()
    size_bytes = 0

    async def send(part: bytes) -> None:
        if len(sending) >= UNDER_WAY:
            await sending[-UNDER_WAY]
        number = len(sending) + 1
        call = run_in_threadpool(
            s3.upload_part, Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=part
        )
        sending.append(asyncio.ensure_future(call))

    async for chunk in request.stream():
        size_bytes += len(chunk)
        filling += chunk
        while len(filling) >= PART_BYTES:
            await send(bytes(memoryview(filling)[:PART_BYTES]))
            del filling[:PART_BYTES]
    await send(bytes(filling))
    parts = [
        {"PartNumber": number, "ETag": answer["ETag"]}
        for number, answer in enumerate(await asyncio.gather(*sending), start=1)
    ]
    await run_in_threadpool(
        s3.complete_multipart_upload, Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    return {"bytes": size_bytes}


if __name__ == "__main__":
    configuration = uvicorn.Config(
        app, host="127.0.0.1", port=int(os.environ["STENO_GATEWAY_PORT"]), log_level="warning", access_log=False
    )
    uvloop.run(uvicorn.Server(configuration).serve())
