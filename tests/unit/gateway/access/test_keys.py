"""A file of keys is understood as a whole, or refused with the entry and field at fault."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from steno_gateway.access.caller import Scope
from steno_gateway.access.keys import KEY_PREFIX, KeysInvalidError, digest_of, new_key, parse
from support.api_keys import Key

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def text_of(*entries: Any, **rest: Any) -> bytes:
    """Spell a file."""
    return yaml.safe_dump({"keys": list(entries), **rest}).encode()


def test_a_key_is_found_by_its_digest() -> None:
    """The entry says whose it is and what it may; the key itself is nowhere."""
    key = Key(requests_per_minute=60, max_unfinished=5, max_concurrent_requests=4, max_concurrent_uploads=2)
    text = text_of(key.entry)

    known = parse(text, ["speech"]).of_digest(digest_of(key.key), NOON)

    assert known is not None
    caller = known.caller
    assert ("newsroom", "speech", frozenset({Scope.READ, Scope.WRITE})) == (
        caller.name,
        caller.namespace,
        caller.scopes,
    )
    assert (60, 5, 4, 2) == (
        caller.requests_per_minute,
        caller.max_unfinished,
        caller.max_concurrent_requests,
        caller.max_concurrent_uploads,
    )
    assert key.key.encode() not in text


@pytest.mark.parametrize("shown", ["", "steno_", "newsroom", "\udc80 \u00e9\u4e16", "x" * 10_000])
def test_another_key_is_not_found(shown: str) -> None:
    """Whatever text it is."""
    assert None is parse(text_of(Key().entry), ["speech"]).of_digest(digest_of(shown), NOON)


@pytest.mark.parametrize(
    ("early", "found"),
    [
        pytest.param(timedelta(seconds=1), True, id="a second before it expires"),
        pytest.param(timedelta(), False, id="as it expires"),
    ],
)
def test_an_expired_key_is_unknown(early: timedelta, found: bool) -> None:  # noqa: FBT001 -- a parameter
    """It works until the moment that its entry says."""
    key = Key(expires=NOON)

    assert found is (parse(text_of(key.entry), ["speech"]).of_digest(digest_of(key.key), NOON - early) is not None)


def test_json_is_read_too() -> None:
    """A file that a program wrote."""
    digest = "ab" * 32
    text = f'{{"keys": [{{"name": "a", "sha256": "{digest}", "namespace": "speech", "scopes": ["read"]}}]}}'

    assert [digest] == [*parse(text.encode(), ["speech"]).by_digest]


def test_no_keys_at_all_are_a_ring() -> None:
    """Whoever takes every key away means it."""
    assert {} == parse(b"keys: []", ["speech"]).by_digest


ONE = Key().entry
OTHER = Key("archive").entry


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(b"", "the file: Input should be a valid dictionary", id="empty"),
        pytest.param(b"[]", "the file: Input should be a valid dictionary", id="a list"),
        pytest.param(b"session_secret: " + b"x" * 32, "keys: Field required", id="no keys"),
        pytest.param(b"keys: [\nname: a", "it is no YAML in line 2", id="no YAML"),
        pytest.param(b"keys: [a]", "keys[0]: Input should be a valid dictionary", id="a key alone"),
        pytest.param(
            text_of({**ONE, "sha256": "secret"}), "keys[0] (newsroom) sha256: String should", id="no digest"
        ),
        pytest.param(text_of({**ONE, "scopes": []}), "keys[0] (newsroom) scopes: Frozenset should", id="no scope"),
        pytest.param(
            text_of({**ONE, "scopes": ["all"]}), "keys[0] (newsroom) scopes.0: Input should be 'read'", id="a scope"
        ),
        pytest.param(text_of({**ONE, "rate": 5}), "keys[0] (newsroom) rate: Extra inputs", id="an unknown field"),
        pytest.param(text_of(ONE, {**OTHER, "name": 7}), "keys[1] name: Input should be a valid string", id="7"),
        pytest.param(text_of({**ONE, "name": "A B"}), "keys[0] name: String should match", id="a name with a blank"),
        pytest.param(
            text_of({**ONE, "name": "anonymous"}), "keys[0] (anonymous) name: Value error", id="nobody's name"
        ),
        pytest.param(
            text_of({**ONE, "requests_per_minute": 0}), "keys[0] (newsroom) requests_per_minute: Input", id="no rate"
        ),
        pytest.param(
            text_of({**ONE, "expires": datetime(2027, 1, 31)}),  # noqa: DTZ001 -- what is refused
            "keys[0] (newsroom) expires: Input should have timezone info",
            id="no time zone",
        ),
        pytest.param(
            text_of(ONE, {**OTHER, "name": "newsroom"}), "keys[1] (newsroom) name: keys[0] has the same", id="a name"
        ),
        pytest.param(
            text_of(ONE, {**OTHER, "sha256": ONE["sha256"]}), "keys[1] (archive) sha256: keys[0] is the", id="a key"
        ),
        pytest.param(
            text_of({**ONE, "namespace": "films"}),
            "keys[0] (newsroom) namespace: the gateway does not serve films; it serves speech, talks",
            id="a namespace",
        ),
        pytest.param(
            text_of(ONE, session_secret="short"), "session_secret: Value should have at least 32", id="short"
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: bytes, fault: str) -> None:
    """Each fault names entry and field, and none repeats a value."""
    with pytest.raises(KeysInvalidError) as raised:
        parse(text, ["speech", "talks"])

    (told,) = raised.value.faults
    assert told.startswith(fault)
    assert "secret'" not in told
    assert ONE["sha256"] not in told


def test_all_faults_are_told_at_once() -> None:
    """Whoever corrects the file does so once."""
    with pytest.raises(KeysInvalidError) as raised:
        parse(text_of({**ONE, "sha256": "0"}, {**OTHER, "scopes": "read"}), ["speech"])

    assert ["keys[0] (newsroom) sha256", "keys[1] (archive) scopes"] == [
        fault.partition(":")[0] for fault in raised.value.faults
    ]


def test_a_key_is_256_bits_of_chance_behind_a_prefix() -> None:
    """43 characters of base64, each key another one."""
    keys = {new_key() for _ in range(100)}

    assert 100 == len(keys)
    assert {len(KEY_PREFIX) + 43} == {len(key) for key in keys}
    assert all(key.startswith(KEY_PREFIX) for key in keys)
