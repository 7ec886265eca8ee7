"""Where everything lies in the store, and what an edited annotation may not claim."""

import re

import pytest

from steno_store import Layout, keys, new_upload_id
from steno_types import UPLOAD_ID_PATTERN

LAYOUT = Layout("steno")
UID = "6f3d1c6e-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("spelled", "key"),
    [
        pytest.param(LAYOUT.namespace("ns"), "steno/ns/", id="namespace"),
        pytest.param(LAYOUT.upload("ns", "ab"), "steno/ns/uploads/ab", id="upload"),
        pytest.param(LAYOUT.root, "steno/", id="root"),
        pytest.param(LAYOUT.owner, "steno/installation.json", id="owner"),
        pytest.param(LAYOUT.conditional_put, "steno/conditional-put.txt", id="conditional put"),
        pytest.param(LAYOUT.uploads("ns"), "steno/ns/uploads/", id="uploads"),
        pytest.param(LAYOUT.condemned("ns", "ab"), "steno/ns/uploads/ab.condemned", id="marker"),
        pytest.param(LAYOUT.all_results("ns"), "steno/ns/jobs/", id="all results"),
        pytest.param(LAYOUT.unnamed_upload("ns", "ab"), "steno/ns/sweep/uploads/ab", id="unnamed upload"),
        pytest.param(LAYOUT.unnamed_results("ns", "talk-1"), "steno/ns/sweep/jobs/talk-1", id="unnamed results"),
        pytest.param(LAYOUT.results("ns", "talk", UID), "steno/ns/jobs/talk-6f3d1c6e/", id="results"),
        pytest.param(Layout("a/b").upload("ns", "ab"), "a/b/ns/uploads/ab", id="prefix of two"),
        pytest.param(keys.manifest("p/"), "p/manifest.json", id="manifest"),
        pytest.param(keys.attempt("p/", "pod"), "p/attempts/pod/", id="attempt"),
        pytest.param(keys.transcript("p/", "pod", "md"), "p/attempts/pod/transcript.md", id="transcript"),
    ],
)
def test_keys_are_the_designs(spelled: str, key: str) -> None:
    """Every key is as section 4 lays the store out."""
    assert key == spelled


@pytest.mark.parametrize("prefix", ["", "/", "/a", "a/", "a//b", "a/../b", ".", "a/."])
def test_a_prefix_that_stores_treat_differently_is_refused(prefix: str) -> None:
    """Empty and dotted steps of a path are kept by some stores and resolved or refused by others."""
    with pytest.raises(ValueError, match="STENO_STORE_PREFIX"):
        Layout(prefix)


@pytest.mark.parametrize(
    ("prefix", "answer"),
    [
        pytest.param("steno/ns/jobs/talk-6f3d1c6e/", True, id="its own"),
        pytest.param("steno/ns/jobs/talk-00000000/", True, id="its own of another uid"),
        pytest.param("steno/ns/jobs/talk-6f3d1c6e", False, id="no slash"),
        pytest.param("steno/ns/jobs/talk-6f3d1c6e/\n", False, id="line break"),
        pytest.param("steno/ns/jobs/talk-6f3d1c6e/attempts/", False, id="deeper"),
        pytest.param("steno/ns/jobs/", False, id="all jobs"),
        pytest.param("steno/ns/jobs/talk-1-6f3d1c6e/", False, id="a longer name's"),
        pytest.param("steno/ns/jobs/tal-k6f3d1c6/", False, id="another name's"),
        pytest.param("steno/other/jobs/talk-6f3d1c6e/", False, id="another namespace's"),
        pytest.param("other/ns/jobs/talk-6f3d1c6e/", False, id="another installation's"),
        pytest.param("steno/ns/jobs/talk-6F3D1C6E/", False, id="capitals"),
        pytest.param("steno/ns/jobs/talk-6f3d1c6e0/", False, id="nine digits"),
        pytest.param("stenoXns/jobs/talk-6f3d1c6e/", False, id="a dot is no wildcard"),
        pytest.param("", False, id="empty"),
    ],
)
def test_an_annotation_counts_only_if_it_is_the_jobs_own(prefix: str, *, answer: bool) -> None:
    """A user who edits the annotation cannot point a release at anything but results of a job of that name."""
    assert answer == LAYOUT.is_results(prefix, "ns", "talk")


def test_the_results_of_a_job_are_its_own() -> None:
    """What the layout spells, it recognises, also where a name holds a pattern's characters."""
    layout = Layout("st.no")

    assert layout.is_results(layout.results("ns", "talk", UID), "ns", "talk")
    assert not layout.is_results(LAYOUT.results("ns", "talk", UID), "ns", "talk")


@pytest.mark.parametrize(
    ("key", "answer"),
    [("steno/ns/uploads/ab", True), ("steno/", True), ("steno", False), ("steno2/a", False), ("a/steno/b", False)],
)
def test_the_installation_holds_what_lies_under_its_prefix(key: str, *, answer: bool) -> None:
    """A neighbour whose prefix only begins the same is not ours."""
    assert answer == LAYOUT.holds(key)


@pytest.mark.parametrize(
    "marker",
    [
        pytest.param(LAYOUT.unnamed_upload("ns", "ab"), id="upload"),
        pytest.param(LAYOUT.unnamed_results("ns", "talk-6f3d1c6e"), id="results"),
    ],
)
def test_a_marker_lies_where_nothing_is_swept(marker: str) -> None:
    """The sweep lists its markers by one prefix, and finds none of them among what it may delete."""
    assert marker.startswith(LAYOUT.sweep("ns"))
    assert not marker.startswith((LAYOUT.uploads("ns"), LAYOUT.all_results("ns")))


@pytest.mark.parametrize("key", [LAYOUT.owner, LAYOUT.conditional_put])
def test_what_lies_beside_the_namespaces_is_called_like_none(key: str) -> None:
    """A name with a dot is no namespace's, so no namespace's folder is in an object's way."""
    assert "." in key.removeprefix(LAYOUT.root)
    assert "/" not in key.removeprefix(LAYOUT.root)


def test_upload_ids_are_what_the_spec_accepts() -> None:
    """Each id is new and matches the pattern that the custom resource enforces."""
    ids = {new_upload_id() for _ in range(100)}

    assert 100 == len(ids)
    assert all(re.fullmatch(UPLOAD_ID_PATTERN, upload_id) for upload_id in ids)
