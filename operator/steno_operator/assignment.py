"""Resolve what a job asks for into all that its worker is told.

Called by the launch policy, which refuses before what can never run here. Pure.
"""

from steno_operator.installation import Installation
from steno_operator.profiles import WorkerProfile
from steno_types import Assignment, DestinationPrefix, JobIdentity, SourceObject, TranscriptionJob


def assignment(
    job: TranscriptionJob, profile_name: str, profile: WorkerProfile, installation: Installation
) -> Assignment:
    """Fill in every default; `destination_prefix` must have found a bucket where a copy is asked for."""
    spec = job.spec
    return Assignment(
        job=JobIdentity(namespace=job.metadata.namespace, name=job.metadata.name, uid=job.metadata.uid),
        source=source_object(job, installation),
        source_url=spec.source.url,
        results_prefix=installation.results_prefix(job),
        profile=profile_name,
        image=profile.image,
        engine=profile.engine_settings(spec),
        language=spec.language,
        task=spec.task,
        prompt=spec.prompt,
        hotwords=spec.hotwords,
        channel=spec.channel,
        word_timestamps=spec.word_timestamps,
        destination=destination_prefix(job, installation),
    )


def source_object(job: TranscriptionJob, installation: Installation) -> SourceObject | None:
    """Say in which bucket and under which key the recording lies; None: at an address."""
    source = job.spec.source
    if source.upload is not None:
        key = installation.layout.upload(job.metadata.namespace, source.upload.id)
        return SourceObject(bucket=installation.bucket, key=key, sha256=source.upload.sha256)
    if source.s3 is not None:
        return SourceObject(bucket=source.s3.bucket or installation.bucket, key=source.s3.key)
    return None


def destination_prefix(job: TranscriptionJob, installation: Installation) -> DestinationPrefix | None:
    """Say where a copy of the results goes; None: no copy is asked for, or nothing says into which bucket."""
    outputs = job.spec.outputs
    if outputs is None:
        return None
    place = outputs.destination.s3
    bucket = place.bucket or installation.default_destination_bucket
    if bucket is None:
        return None
    prefix = place.prefix if place.prefix.endswith("/") or not place.prefix else f"{place.prefix}/"
    return DestinationPrefix(bucket=bucket, prefix=prefix, formats=outputs.formats)
