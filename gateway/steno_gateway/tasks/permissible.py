"""What an installation lets a tenant ask for: where recordings may be read, and results be copied to.

Called by `creation` for every job, and by `submit` before a recording is read. Pure. The operator refuses the same,
for jobs that no gateway made; here the caller hears of it at once, and by the name of the field.
"""

import posixpath
from dataclasses import dataclass
from typing import Final, Self

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_gateway.settings import GatewaySettings
from steno_gateway.tasks.addresses import IpNetwork, allowed_networks, is_private, literal
from steno_gateway.tasks.destinations import SCHEME
from steno_store import Layout
from steno_types import Outputs, TranscriptionJobSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """What is where in this installation."""

    layout: Layout
    bucket: str
    """Steno's own."""
    allowed_networks: tuple[IpNetwork, ...]
    """Addresses inside the network that recordings may be fetched from."""
    default_bucket: str | None
    """Of results that go where no bucket is named."""
    missing: tuple[str, ...]
    """Settings that a default destination lacks, by name."""

    @classmethod
    def of(cls, settings: GatewaySettings, layout: Layout, bucket: str) -> Self:
        """Make it of what the gateway knows."""
        return cls(
            layout=layout,
            bucket=bucket,
            allowed_networks=allowed_networks(settings.url_allowed_hosts),
            default_bucket=settings.default_destination_bucket,
            missing=settings.missing_for_default_destination,
        )

    def is_anothers(self, namespace: str, bucket: str | None, key: str) -> bool:
        """Whether an object lies in Steno's part of its store, and not in that of the namespace."""
        own = self.layout.namespace(namespace)
        # Some stores keep steps like "..", some resolve them: one reading that leads astray is enough.
        return bucket in {None, self.bucket} and any(
            self.layout.holds(reading) and not reading.startswith(own) for reading in (key, _resolved(key))
        )


def check_spec(premises: Premises, namespace: str, spec: TranscriptionJobSpec) -> None:
    """Raise unless a job of `namespace` may ask for this."""
    source = spec.source
    if source.s3 is not None and premises.is_anothers(namespace, source.s3.bucket, source.s3.key):
        raise _forbidden("s3.key", "The key lies in another tenant's part of Steno's store.")
    if source.url is not None:
        address = literal(source.url)
        if address is not None and is_private(address, premises.allowed_networks):
            raise _forbidden("url", f"The address leads to {address}, which is not on the public internet.")
    model = spec.engine.model if spec.engine is not None else None
    if model is not None and model.startswith(SCHEME):
        bucket, _, key = model.removeprefix(SCHEME).partition("/")
        if premises.is_anothers(namespace, bucket, key):
            raise _forbidden("model", "The model lies in another tenant's part of Steno's store.")
    if spec.outputs is not None:
        check_destination(premises, spec.outputs)


def check_destination(premises: Premises, outputs: Outputs) -> None:
    """Raise unless results may be copied there."""
    place = outputs.destination.s3
    if place.bucket is None and premises.missing:
        raise ProblemError(
            problems.DESTINATION_UNSET,
            "s3_path names no bucket, and this installation has no default destination: "
            f"{' and '.join(premises.missing)} {_IS_NOT_SET[len(premises.missing) > 1]}.",
            field="s3_path",
            remedy="Name the bucket: s3://BUCKET/PREFIX/; or have whoever runs the cluster set "
            f"{' and '.join(premises.missing)}.",
        )
    bucket = place.bucket or premises.default_bucket
    inside = any(premises.layout.holds(f"{reading}/") for reading in (place.prefix, _resolved(place.prefix)))
    if bucket == premises.bucket and inside:
        raise ProblemError(
            problems.DESTINATION_FORBIDDEN,
            f"s3_path leads into Steno's own part of its store, s3://{premises.bucket}/{premises.layout.root}.",
            field="s3_path",
            remedy="Choose another prefix or another bucket.",
        )


_IS_NOT_SET: Final = ("is not set", "are not set")


def _forbidden(field: str, detail: str) -> ProblemError:
    return ProblemError(
        problems.SOURCE_FORBIDDEN,
        detail,
        field=field,
        remedy="Name one of your own, or have whoever runs the cluster look at what is allowed.",
    )


def _resolved(key: str) -> str:
    """Say where a key may lead: some stores read "/a//b/../c" as "a/c"."""
    return posixpath.normpath(f"/{key}").lstrip("/")
