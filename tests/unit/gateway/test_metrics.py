"""The gateway's metrics: each request counts under its route, and no label has what a client chose."""

from prometheus_client.parser import text_string_to_metric_families

from support.gateway import FORM_TYPE, Gateway, a_file, a_form, gateway


async def samples(here: Gateway) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read the metrics as Prometheus does."""
    text = (await here.client.get("/metrics")).raise_for_status().text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**named: str) -> frozenset[tuple[str, str]]:
    """Spell labels as `samples` does."""
    return frozenset(named.items())


async def test_a_request_counts_under_its_route() -> None:
    """A request for a task counts under the route's own path, with its method and status code."""
    async with gateway() as here:
        await here.client.get("/status/tsj-unknown")
        found = await samples(here)
    count = "steno_gateway_request_seconds_count"
    assert 1 == found[count, labels(route="/status/{task_id}", method="GET", code="404")]


async def test_a_path_nobody_knows_makes_no_series() -> None:
    """Requests for paths that there are not count together, whatever they are and whatever their method."""
    async with gateway() as here:
        await here.client.request("BREW", "/coffee")
        await here.client.request("BREW", "/tea")
        found = await samples(here)
    count = "steno_gateway_request_seconds_count"
    assert 2 == found[count, labels(route="none", method="other", code="404")]


async def test_bytes_are_counted() -> None:
    """What an upload sends counts as received."""
    body = a_form(a_file())
    async with gateway() as here:
        await here.client.post("/transcribe", content=body, headers={"Content-Type": FORM_TYPE})
        found = await samples(here)
    assert len(body) == found["steno_gateway_received_bytes_total", labels(route="/transcribe")]


async def test_the_watch_has_an_age() -> None:
    """A gateway whose watch has listed the jobs says how long ago it heard of it, and that no upload is held."""
    async with gateway() as here:
        found = await samples(here)
    assert 0 <= found["steno_gateway_watch_age_seconds", labels()] < 60
    assert 0 == found["steno_gateway_upload_memory_bytes", labels()]
