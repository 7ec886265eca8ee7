"""The gateway's settings, from its environment; the chart writes them.

Read once by `server`. The store's own settings are `steno_store.StoreSettings`.
"""

import ipaddress
import json
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from steno_store import MAX_DIRECT_PART_BYTES, MAX_PARTS, PART_BYTES
from steno_types import NAME_PATTERN, EngineName
from steno_types.spec import BUCKET_PATTERN

_IsSet = Annotated[bool, BeforeValidator(bool)]
"""Whether a variable is there; what it says is nobody's business here."""

_NAMESPACE: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_ORIGIN: Final = r"https?://[^\s,/]+"


def _are_addresses(told: str) -> str:
    """Refuse what is no address, no range of them, and not ``*``: a name would never match."""
    for each in told.split(","):
        if each.strip() != "*":
            ipaddress.ip_network(each.strip(), strict=False)
    return told


class ModelChoice(BaseModel):
    """What the name of a model stands for; each absent field takes the installation's value."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    profile: Annotated[str | None, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = None
    """Worker profile; None: the installation's own."""
    engine: EngineName | None = None
    """Engine; None: the profile's."""
    model: Annotated[str | None, Field(min_length=1, max_length=253)] = None
    """The engine's model; None: the profile's."""


def _from_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


class GatewaySettings(BaseSettings):
    """Environment variables ``STENO_*``."""

    model_config = SettingsConfigDict(env_prefix="STENO_", frozen=True, use_attribute_docstrings=True)

    namespace: Annotated[str, Field(min_length=1, max_length=63)]
    """The release's own namespace; what callers without a key make and see."""
    namespaces: Annotated[str | None, Field(pattern=rf"^{_NAMESPACE}(,{_NAMESPACE})*$")] = None
    """Namespaces of tenants, which are served beside the own one; comma-separated."""
    api_keys_file: Path | None = None
    """The API keys (`access.keys`); read again when it changes. None: there are none."""
    anonymous: bool = False
    """Whether requests without a key are let in, to everything in the own namespace."""
    session_seconds: Annotated[int, Field(ge=60, le=604_800)] = 28_800
    """For which the page's cookie stands for the key that it was traded for; 8 hours."""
    secure_cookies: bool = False
    """Whether the cookie is for https alone even where a request did not seem to come by it."""
    cors_origins: Annotated[str | None, Field(pattern=rf"^(\*|{_ORIGIN}(,{_ORIGIN})*)$")] = None
    """Origins, comma-separated, whose pages may call the gateway with a key of theirs; None: its own page alone."""
    forwarded_allow_ips: Annotated[str, AfterValidator(_are_addresses)] = "127.0.0.1"
    """Proxies whose X-Forwarded-For and -Proto are believed: addresses, ranges, or ``*``, comma-separated."""
    gateway_host: str = "0.0.0.0"  # noqa: S104 -- a pod's address is not known beforehand
    """Address to listen on."""
    gateway_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on, probes included; 0: any free one."""
    gateway_root_path: Annotated[str, Field(pattern=r"^(/[^/]+)*$")] = ""
    """Path that an ingress strips before it forwards a request, for example /steno."""
    gateway_shutdown_seconds: Annotated[int, Field(ge=0)] = 25
    """How long a stopping gateway waits for requests under way; below the pod's terminationGracePeriodSeconds."""
    max_upload_bytes: Annotated[int, Field(ge=1, le=MAX_PARTS * PART_BYTES)] = 10 << 30
    """Largest request body that is taken; 10 GiB: sixteen hours of CD-quality stereo WAV."""
    upload_memory_bytes: Annotated[int, Field(ge=MAX_DIRECT_PART_BYTES)] = 100 << 20
    """Memory for the parts of all uploads together; 100 MiB: twenty uploads read at once, others wait unread."""
    headers_seconds: Annotated[float, Field(gt=0)] = 30
    """How long a request's headers may take from its first byte, or the opening of the connection; nginx: 60."""
    upload_idle_seconds: Annotated[float, Field(gt=0)] = 60
    """How long a client may send nothing in the middle of an upload."""
    upload_url_seconds: Annotated[int, Field(ge=60, le=604_800)] = 21_600
    """Validity of the URLs that parts of an upload are sent to; 6 hours, and fresh ones are to be had at any time."""
    presign_seconds: Annotated[int, Field(ge=1, le=604_800)] = 900
    """Validity of the URL that a download is redirected to; S3's maximum is 7 days."""
    release_wait_seconds: Annotated[float, Field(gt=0, le=300)] = 30
    """How long a release waits for its receipt before it answers 202."""
    max_unfinished: Annotated[int | None, Field(ge=1)] = None
    """Tasks that may wait or run at once, those of all keys and namespaces served together; None: no limit."""
    url_allowed_hosts: Annotated[str | None, Field(pattern=r"^[^\s,]+(,[^\s,]+)*$")] = None
    """Hosts inside the network that workers may fetch recordings from, comma-separated; as the operator has it."""
    default_destination_bucket: Annotated[
        str | None, Field(alias="S3_STORAGE_BUCKET", min_length=3, max_length=63, pattern=BUCKET_PATTERN)
    ] = None
    """Bucket of an ``s3_path`` that names none; the operator's own setting."""
    has_access_key: Annotated[_IsSet, Field(alias="AWS_ACCESS_KEY_ID")] = False
    """Whether the store's access key is given."""
    has_secret_key: Annotated[_IsSet, Field(alias="AWS_SECRET_ACCESS_KEY")] = False
    """Whether its secret is."""
    has_web_identity: Annotated[_IsSet, Field(alias="AWS_WEB_IDENTITY_TOKEN_FILE")] = False
    """Whether a workload identity stands in for the two (EKS's roles for service accounts)."""
    has_pod_identity: Annotated[_IsSet, Field(alias="AWS_CONTAINER_CREDENTIALS_FULL_URI")] = False
    """Whether the other kind of one does (EKS's pod identities)."""
    sync_limit_seconds: Annotated[float, Field(gt=0, le=86_400)] = 590
    """How long a request of another API waits for its transcript; ten seconds less than OpenAI's clients do."""
    sync_grace_seconds: Annotated[float, Field(ge=0, le=3600)] = 30
    """How long a job goes on whose last waiting client has gone; a retry within it finds the job running."""
    sync_ttl_seconds: Annotated[int, Field(ge=0, le=315_360_000)] = 3600
    """How long a job that was waited for is kept once it has finished, for clients that ask again."""
    models: Annotated[dict[str, ModelChoice], NoDecode, BeforeValidator(_from_json), Field(min_length=1)] = Field(
        default_factory=lambda: {"whisper-1": ModelChoice()}
    )
    """What the names of models stand for that clients of OpenAI's API ask for, as a JSON object by name."""
    watch_max_age_seconds: Annotated[float, Field(gt=0)] = 60
    """How long the jobs in memory are believed without a sign of life from the API server; then it is asked."""
    default_profile: Annotated[str, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = "default"
    """Worker profile of jobs that name none; the operator's own."""
    queue_priorities: dict[str, int] = Field(default_factory=dict)
    """Priorities of waiting jobs by name, higher first, as the operator has them; JSON object."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    """Least severe message that is logged."""

    @property
    def served_namespaces(self) -> tuple[str, ...]:
        """All namespaces whose jobs are made and seen here: the own one first."""
        tenants = self.namespaces.split(",") if self.namespaces else []
        return tuple(dict.fromkeys([self.namespace, *tenants]))

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins of other sites whose pages may call the gateway."""
        return tuple(self.cors_origins.split(",")) if self.cors_origins else ()

    @property
    def missing_for_default_destination(self) -> tuple[str, ...]:
        """The environment variables that a default destination lacks, by name; empty: there is one."""
        missing = [] if self.default_destination_bucket is not None else ["S3_STORAGE_BUCKET"]
        if not (self.has_web_identity or self.has_pod_identity):
            missing += [] if self.has_access_key else ["AWS_ACCESS_KEY_ID"]
            missing += [] if self.has_secret_key else ["AWS_SECRET_ACCESS_KEY"]
        return tuple(missing)
