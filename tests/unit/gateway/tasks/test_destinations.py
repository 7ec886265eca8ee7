"""Where a copy of the results may go: ``s3_path``, the default destination, and what neither may touch."""

from typing import Any

import pytest

from steno_types import ConditionType, S3Destination, TranscriptFormat
from support.gateway import FORM_TYPE, NAMESPACE, Gateway, Part, a_file, a_form, gateway, kind_of, problem_of

DEFAULT: dict[str, Any] = {
    "S3_STORAGE_BUCKET": "results",
    "AWS_ACCESS_KEY_ID": "steno",
    "AWS_SECRET_ACCESS_KEY": "hidden",
}
SOURCE = {"s3": {"key": "a.wav"}}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param("s3://talks/2026/", S3Destination(bucket="talks", prefix="2026/"), id="bucket and prefix"),
        pytest.param("s3://talks/2026", S3Destination(bucket="talks", prefix="2026"), id="without its last slash"),
        pytest.param("s3://talks", S3Destination(bucket="talks", prefix=""), id="bucket alone"),
        pytest.param("s3://talks/", S3Destination(bucket="talks", prefix=""), id="bucket and slash"),
        pytest.param("2026/", S3Destination(prefix="2026/"), id="prefix alone"),
        pytest.param("s3://steno/talks/", S3Destination(bucket="steno", prefix="talks/"), id="beside Steno's part"),
        pytest.param("s3://foreign/x/", S3Destination(bucket="foreign", prefix="x/"), id="a bucket of somebody's"),
    ],
)
async def test_a_path_becomes_the_jobs_destination(path: str, place: S3Destination) -> None:
    """Whether the bucket may be written is found out by the worker, before it begins."""
    async with gateway(**DEFAULT) as made:
        response = await made.client.post("/transcribe", json={**SOURCE, "s3_path": path})

        (job,) = made.jobs.jobs
        assert job.spec.outputs is not None
        assert (202, place) == (response.status_code, job.spec.outputs.destination.s3)
        assert (TranscriptFormat.JSON, TranscriptFormat.MARKDOWN) == job.spec.outputs.formats


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        pytest.param({}, ["S3_STORAGE_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], id="all"),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, ["S3_STORAGE_BUCKET"], id="the bucket"
        ),
        pytest.param({"S3_STORAGE_BUCKET": "results"}, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], id="the keys"),
        pytest.param(
            {"S3_STORAGE_BUCKET": "results", "AWS_ACCESS_KEY_ID": "a"}, ["AWS_SECRET_ACCESS_KEY"], id="one key"
        ),
        pytest.param(DEFAULT, [], id="nothing"),
        pytest.param(
            {"S3_STORAGE_BUCKET": "results", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, [], id="nothing: an identity"
        ),
    ],
)
async def test_a_path_without_a_bucket_needs_the_default_one(settings: dict[str, Any], missing: list[str]) -> None:
    """What is not set is named, and the request leaves no job."""
    async with gateway(**settings) as made:
        response = await made.client.post("/transcribe", json={**SOURCE, "s3_path": "talks/"})

        if not missing:
            assert 202 == response.status_code
            return
        assert (422, "destination-unset", "s3_path") == kind_of(response)
        assert f"{' and '.join(missing)} {'are' if missing[1:] else 'is'} not set" in response.json()["detail"]
        assert () == made.jobs.jobs


async def test_a_named_bucket_needs_no_default(gateway: Gateway) -> None:
    """An installation without a default destination copies to where it is told."""
    response = await gateway.client.post("/transcribe", json={**SOURCE, "s3_path": "s3://talks/"})

    assert 202 == response.status_code


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("s3://steno/steno/", id="Steno's own part"),
        pytest.param("s3://steno/steno", id="without its slash"),
        pytest.param("s3://steno/steno/speech/jobs/", id="one's own results"),
        pytest.param("s3://steno/steno/films/uploads/", id="another tenant's"),
    ],
)
async def test_stenos_own_part_of_the_store_is_no_destination(gateway: Gateway, path: str) -> None:
    """There a release would delete what is the user's own."""
    response = await gateway.client.post("/transcribe", json={**SOURCE, "s3_path": path})

    assert (422, "destination-forbidden", "s3_path") == kind_of(response)
    assert () == gateway.jobs.jobs


async def test_the_default_bucket_may_be_stenos_own() -> None:
    """Then the same rule holds for a path that names none."""
    async with gateway(**(DEFAULT | {"S3_STORAGE_BUCKET": "steno"})) as made:
        answers = [
            (await made.client.post("/transcribe", json={**SOURCE, "s3_path": path})).status_code
            for path in ("steno/x/", "talks/")
        ]

    assert [422, 202] == answers


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("", id="empty"),
        pytest.param("/talks/", id="a leading slash"),
        pytest.param("s3://", id="no bucket"),
        pytest.param("s3://B/talks/", id="no bucket's name"),
        pytest.param("s3://ab/", id="a bucket of two letters"),
        pytest.param("https://example.com/talks/", id="another scheme"),
        pytest.param("talks/../steno/", id="a step up"),
        pytest.param("talks//2026/", id="an empty step"),
        pytest.param("talks\n/", id="a line end"),
        pytest.param("s3://talks/" + "a" * 901, id="too long"),
    ],
)
async def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    """By its name, before there is a job."""
    async with gateway(**DEFAULT) as made:
        response = await made.client.post("/transcribe", json={**SOURCE, "s3_path": path})

        assert (422, "field-invalid", "s3_path") == kind_of(response)
        assert () == made.jobs.jobs


async def test_a_forms_path_is_refused_before_its_file_is_read(gateway: Gateway) -> None:
    """An option before the file costs nothing when it is wrong."""
    form = a_form(Part("s3_path", b"talks/"), a_file(b"sound"))

    response = await gateway.client.post("/transcribe", headers={"Content-Type": FORM_TYPE}, content=form)

    assert (422, "destination-unset", "s3_path") == kind_of(response)
    assert ({}, ()) == (gateway.uploads(), gateway.jobs.jobs)


async def delivered(made: Gateway, path: str, **status: object) -> None:
    """Have a completed task that was given a path."""
    await made.client.post("/transcribe", json={**SOURCE, "s3_path": path, "s3_formats": ["md", "verbose_json"]})
    (job,) = made.jobs.jobs
    await made.become(job, ConditionType.COMPLETE, **status)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("s3://talks/2026", "s3://talks/2026/", id="a bucket"),
        pytest.param("2026/", "s3://results/2026/", id="the default one"),
        pytest.param("s3://talks", "s3://talks/", id="a bucket alone"),
    ],
)
async def test_a_download_says_where_the_results_are(path: str, folder: str) -> None:
    """They were asked for elsewhere, and are named to people and to programs."""
    async with gateway(**DEFAULT) as made:
        await delivered(made, path)
        (job,) = made.jobs.jobs

        response = await made.client.get(f"/download/{job.metadata.name}")

        locations = [f"{folder}{job.metadata.name}.{suffix}" for suffix in ("md", "verbose.json")]
        assert (409, "urn:steno:problem:delivered") == (response.status_code, response.json()["type"])
        assert locations == response.json()["locations"]
        assert all(location in response.json()["detail"] for location in locations)


async def test_results_that_could_not_be_delivered_are_downloaded(gateway: Gateway) -> None:
    """The operator's warning says that Steno has the only ones."""
    job = await gateway.a_completed_job(bodies={"json": b"{}"})
    outputs = job.status.outputs
    await gateway.client.post("/transcribe", json={**SOURCE, "s3_path": "s3://talks/"})
    other = next(job for job in gateway.jobs.jobs if job.spec.outputs is not None)
    prefix = gateway.context.layout.results(NAMESPACE, other.metadata.name, other.metadata.uid)
    gateway.store.put(f"{prefix}transcript.json", b"{}")
    output = outputs[0].model_copy(update={"uri": gateway.store.uri(f"{prefix}transcript.json")})
    warning = "DeliveryFailed: The results were not copied to outputs.destination."
    await gateway.become(other, ConditionType.COMPLETE, outputs=(output,), warnings=(warning,))

    response = await gateway.client.get(f"/download/{other.metadata.name}")

    assert (200, b"{}") == (response.status_code, response.content)


async def test_other_problems_have_no_locations(gateway: Gateway) -> None:
    """The member is there where it means something."""
    assert "locations" not in problem_of(await gateway.client.get("/download/none"))
