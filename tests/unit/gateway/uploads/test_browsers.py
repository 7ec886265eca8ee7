"""Pages of other origins are let in to the bucket where an installation asks for it, and only there."""

import logging

import pytest

from steno_gateway.uploads.browsers import let_browsers_in
from steno_store import CorsUnsupportedError, Layout, StoreForbiddenError
from support.object_store import InMemoryObjectStore

ORIGINS = ("https://steno.example", "http://localhost:3000")
LAYOUT = Layout("team/steno")


async def test_the_bucket_gets_a_rule_for_the_origins(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, when it is written."""
    store = InMemoryObjectStore()
    caplog.set_level(logging.INFO)

    await let_browsers_in(store, LAYOUT, ORIGINS)
    await let_browsers_in(store, LAYOUT, ORIGINS)

    (rule,) = store.cors_rules.values()
    assert ORIGINS == rule.origins
    assert rule.rule_id.startswith("steno-team-steno-")
    assert ["the bucket lets pages of https://steno.example, http://localhost:3000 in"] == caplog.messages


async def test_without_origins_nothing_is_asked() -> None:
    """A store is left as it is where nobody asks for more."""
    store = InMemoryObjectStore()

    await let_browsers_in(store, LAYOUT, ())

    assert {} == store.cors_rules


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        pytest.param(
            CorsUnsupportedError("the store of the bucket b has no CORS rules"),
            "MINIO_API_CORS_ALLOW_ORIGIN",
            id="MinIO",
        ),
        pytest.param(StoreForbiddenError("AccessDenied"), "AccessDenied", id="denied"),
    ],
)
async def test_a_store_that_refuses_is_named_and_lived_with(
    caplog: pytest.LogCaptureFixture, failure: Exception, said: str
) -> None:
    """Everything but the pages' own uploads works without."""
    store = InMemoryObjectStore()
    store.failing = failure  # type: ignore[assignment]

    await let_browsers_in(store, LAYOUT, ORIGINS)

    (message,) = caplog.messages
    assert said in message
