"""The lifecycle rule at the operator's start: put where it is wanted, told of where it stands, never in the way."""

import logging

import pytest

from steno_operator.backstop import settle_lifecycle_rule
from steno_store import (
    LifecycleRule,
    LifecycleUnsupportedError,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
    lifecycle,
)
from support.builders import LAYOUT
from support.object_store import InMemoryObjectStore

RULE = lifecycle.backstop(LAYOUT, ttl_seconds=604_800)


def settled(
    store: InMemoryObjectStore, rule: LifecycleRule | None, caplog: pytest.LogCaptureFixture
) -> list[tuple[str, str]]:
    """Settle the rule, and give what was said, with its level."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG, logger="steno_operator.backstop"):
        settle_lifecycle_rule(store, LAYOUT, rule)
    return [(record.levelname, record.message) for record in caplog.records]


def test_a_wanted_rule_is_put_and_stands(caplog: pytest.LogCaptureFixture) -> None:
    """The first start puts it, the next finds it, and both say how long things live."""
    store = InMemoryObjectStore()

    first, again = settled(store, RULE, caplog), settled(store, RULE, caplog)

    assert {RULE.rule_id: RULE} == store.lifecycle_rules
    assert ["INFO", "INFO"] == [first[0][0], again[0][0]]
    assert (
        "the lifecycle rule steno-steno of the bucket steno is put: all under steno/ expires after 38" in first[0][1]
    )
    assert "stands: all under steno/ expires after 38 days" in again[0][1]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(LifecycleUnsupportedError("no such thing"), "does nothing: no such thing", id="no lifecycle"),
        pytest.param(StoreForbiddenError("denied"), "s3:PutLifecycleConfiguration on the bucket steno", id="denied"),
        pytest.param(StoreUnavailableError("no answer"), "the next start tries again: no answer", id="no answer"),
        pytest.param(StoreError("MalformedXML"), "could not be put; the next start", id="refused"),
    ],
)
def test_a_rule_that_cannot_be_put_is_said_once(
    caplog: pytest.LogCaptureFixture, error: StoreError, said: str
) -> None:
    """One warning with what to do about it; the operator goes on."""
    store = InMemoryObjectStore()
    store.failing = error

    ((level, message),) = settled(store, RULE, caplog)

    assert "WARNING" == level
    assert said in message


def test_a_rule_that_is_not_wanted_any_more_is_not_removed(caplog: pytest.LogCaptureFixture) -> None:
    """Switching it off leaves it in the bucket, and says so."""
    store = InMemoryObjectStore()
    settled(store, RULE, caplog)

    ((level, message),) = settled(store, None, caplog)

    assert {RULE.rule_id: RULE} == store.lifecycle_rules
    assert "WARNING" == level
    assert "STENO_LIFECYCLE_RULE is off, and the rule steno-steno still stands" in message


@pytest.mark.parametrize("error", [None, StoreForbiddenError("denied"), StoreUnavailableError("no answer")])
def test_who_wants_no_rule_hears_nothing_of_it(caplog: pytest.LogCaptureFixture, error: StoreError | None) -> None:
    """Without a rule there is nothing to say, even where the operator may not look."""
    store = InMemoryObjectStore()
    store.failing = error

    assert [] == [level for level, _ in settled(store, None, caplog) if level != "DEBUG"]
