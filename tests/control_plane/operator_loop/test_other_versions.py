"""Jobs that this version cannot read, as a rolled back operator meets them: they block nobody and cost nothing."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from control_plane.operator_loop.attempts import Attempts
from steno_store import Layout
from steno_types import FINALIZER, GROUP, PLURAL, EngineName
from support.kubernetes_api import Api, wait_for

Raw = dict[str, Any]

CRD_NAME = f"{PLURAL}.{GROUP}"
ENGINES = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/engine/properties/name/enum"


def offer_engines(api: Api, *engines: str) -> None:
    """Let the CRD take these engines."""
    change = [{"op": "replace", "path": ENGINES, "value": [*engines]}]
    api.extensions.patch_custom_resource_definition(CRD_NAME, change)


@pytest.fixture
def abacus(served: Api, attempts: Attempts, name: str) -> Iterator[str]:
    """The upload that a job of a later version names, whose engine this one does not know."""
    upload_id = secrets.token_hex(16)
    attempts.store.put(Layout("steno").upload(served.namespace, upload_id), b"12345")
    spec = {"source": {"upload": {"id": upload_id}}, "engine": {"name": "abacus"}}
    offer_engines(served, *EngineName, "abacus")

    def taken() -> Raw | None:
        try:
            return served.submit(f"{name}-later", spec)
        except served.refusal:
            return None  # the server has not taken the CRD in yet

    wait_for(taken, "the later version's job to be taken")
    yield upload_id
    served.patch(f"{name}-later", {"metadata": {"finalizers": None}})
    served.delete(f"{name}-later")
    offer_engines(served, *EngineName)


def test_a_job_that_cannot_be_read_blocks_nobody(served: Api, attempts: Attempts, name: str, abacus: str) -> None:
    """Others run and are released beside it, and the upload that it names stays."""
    store, upload = attempts.store, Layout("steno").upload(served.namespace, abacus)
    attempts.submit(name, source={"upload": {"id": abacus}})
    attempts.complete(name)
    served.delete(name)
    served.wait_until_gone(name)

    assert [upload] == [found.key for found in store.list(upload)]
    later = served.job(f"{name}-later")
    assert later is not None
    assert FINALIZER not in later["metadata"].get("finalizers", [])
    assert "status" not in later
