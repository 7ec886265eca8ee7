"""A tool is taken from the cache if it is of the pinned version, and never from a folder of another pin."""

import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from local_cluster import tools
from local_cluster.errors import LocalClusterError, MissingNeedError
from local_cluster.pins import PINS, Pin

HELM = PINS["helm"]


def a_binary(pin: Pin) -> bytes:
    """Return what passes for a binary of a pin."""
    return b"\x7fELF..." + pin.proof() + b"h1:..."


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name an empty cache, an empty state folder, and a search path whose Go builds nothing."""
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go1.19.8\n")
    go.chmod(0o755)
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("STENO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("STENO_TOOL_CACHE", str(folder))
    monkeypatch.setenv("PATH", str(tmp_path))
    return folder


def test_cached_tool_is_installed(cache: Path) -> None:
    """A tool of the pinned version is unpacked from the cache, as an executable, and found there again."""
    (cache / "helm.xz").write_bytes(lzma.compress(a_binary(HELM)))

    installed = tools.tool("helm")
    (cache / "helm.xz").unlink()

    assert a_binary(HELM) == installed.read_bytes()
    assert 0o755 == installed.stat().st_mode & 0o777
    assert installed == tools.tool("helm")


def test_kubernetes_answers_to_all_its_names(cache: Path) -> None:
    """One binary serves as every component, each under its own name beside it."""
    (cache / "kube.xz").write_bytes(lzma.compress(a_binary(PINS["kube"])))

    assert tools.tool("etcd").resolve() == tools.tool("kubectl").resolve()
    assert "etcd" == tools.tool("etcd").name


@pytest.mark.parametrize(
    "cached",
    [
        pytest.param(lzma.compress(a_binary(replace(HELM, version="v3.0.0"))), id="stale"),
        pytest.param(lzma.compress(b""), id="empty"),
        pytest.param(lzma.compress(a_binary(HELM))[:-20], id="cut short"),
        pytest.param(b"not packed", id="damaged"),
    ],
)
def test_unfit_cached_tool_is_not_used(cache: Path, cached: bytes) -> None:
    """A cached binary that is damaged or of another version is built instead, which takes a newer Go."""
    (cache / "helm.xz").write_bytes(cached)

    with pytest.raises(MissingNeedError, match=r"go1\.19\.8 is too old: install Go .* for building helm"):
        tools.tool("helm")

    assert not tools.path_of("helm").parent.exists()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(HELM, version="v3.20.3"), id="version"),
        pytest.param(replace(HELM, module="helm.sh/helm/v4"), id="module"),
        pytest.param(replace(HELM, package="./cmd/other"), id="package"),
    ],
)
def test_changed_pin_changes_the_digest(changed: Pin) -> None:
    """A tool's folder is named after all that it is built from."""
    assert HELM.digest() != changed.digest()


def test_changed_source_changes_the_digest(tmp_path: Path) -> None:
    """The text of our own Go module is part of the digest of what is built from it."""
    (tmp_path / "main.go").write_text("package main")
    pin = replace(PINS["kube"], source=tmp_path)
    before = pin.digest()
    (tmp_path / "main.go").write_text("package main // changed")

    assert before != pin.digest()


def test_unknown_tool_is_named() -> None:
    """A tool that nobody pinned is an error that lists those there are."""
    with pytest.raises(LocalClusterError, match=r"no tool is called nonsense; there are .*minio"):
        tools.tool("nonsense")
