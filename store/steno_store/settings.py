"""Where the store is: its settings, read from the environment by every part that talks to it.

Credentials are not among them: boto3 finds those itself (``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, or
workload identity), so they pass through no code of ours.
"""

from typing import Annotated, Final

from pydantic import AfterValidator, AnyHttpUrl, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from steno_store.keys import Layout

_ORIGIN: Final = r"https?://[^\s,/]+"


def _usable(prefix: str) -> str:
    return Layout(prefix).prefix


class StoreSettings(BaseSettings):
    """Environment variables ``STENO_STORE_*``."""

    model_config = SettingsConfigDict(
        env_prefix="STENO_STORE_",
        # A chart renders a value that is not set as an empty variable.
        env_ignore_empty=True,
        frozen=True,
        use_attribute_docstrings=True,
    )

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    """Bucket that holds uploads and results; it must exist."""
    endpoint: AnyHttpUrl | None = None
    """Address of the store; default: AWS."""
    public_endpoint: AnyHttpUrl | None = None
    """Address of the same store for clients outside the cluster, which presigned URLs are signed for; default: the
    same."""
    prefix: Annotated[str, Field(max_length=128), AfterValidator(_usable)] = "steno"
    """All of Steno's objects lie under it; without slashes at its ends."""
    region: str = "us-east-1"
    """Region that requests are signed for; most stores other than AWS accept any."""

    browser_origins: Annotated[str | None, Field(pattern=rf"^(\*|{_ORIGIN}(,{_ORIGIN})*)$")] = None
    """Origins, comma-separated, whose pages may use URLs that are signed for the store; ``*``: all. The gateway gives
    the bucket a CORS rule for them."""

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The browsers' origins, one by one."""
        return tuple(self.browser_origins.split(",")) if self.browser_origins else ()

    @property
    def layout(self) -> Layout:
        """Keys under this installation's prefix."""
        return Layout(self.prefix)
