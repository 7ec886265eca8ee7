"""When an object was last written is told by every store, by its own clock."""

from datetime import UTC

from steno_store import ObjectStore


def test_a_list_tells_what_was_written_last(store: ObjectStore) -> None:
    """By the store's clock, whole or in fractions, a write over an object counts as its last."""
    store.put("a", b"")
    store.put("b", b"")
    store.put("a", b"1")

    a, b = store.list("")

    assert a.modified >= b.modified
    assert UTC.utcoffset(None) == a.modified.utcoffset()
    assert a.modified.replace(microsecond=0) == store.head("a").modified.replace(microsecond=0)
