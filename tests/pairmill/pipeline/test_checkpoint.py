"""Checkpoints: the newest whole state wins."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.pipeline.checkpoint import Checkpoints


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    """An empty store."""
    return FolderObjects(tmp_path)


def test_there_is_nothing_before_the_first_state(objects: FolderObjects) -> None:
    assert Checkpoints(objects, "unfinished/train/all").load() is None


def test_the_newest_state_is_loaded_and_older_ones_are_removed(objects: FolderObjects) -> None:
    states = Checkpoints(objects, "unfinished/train/all")
    for step in (9, 10, 100, 1_000_000):
        states.save(step, f"state {step}".encode())
        assert Checkpoints(objects, "unfinished/train/all").load() == (
            step, f"state {step}".encode())  # fmt: skip
    assert len(list(objects.list("unfinished/"))) == 1


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"x" + data[1:]])
def test_a_state_with_a_wrong_digest_is_skipped(
    objects: FolderObjects, damage: Callable[[bytes], bytes]
) -> None:
    states = Checkpoints(objects, "unfinished/train/all")
    states.save(1, b"whole state")
    (older,) = objects.list("unfinished/")
    states.save(2, b"newer state")
    (newer,) = objects.list("unfinished/")
    objects.put(older, b"whole state")
    objects.put(newer, damage(b"newer state"))
    assert states.load() == (1, b"whole state")
    objects.put(older, damage(b"whole state"))
    assert states.load() is None


def test_a_process_killed_before_it_removed_the_older_state_loses_nothing(
    objects: FolderObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = Checkpoints(objects, "unfinished/train/all")
    states.save(1, b"one")
    with monkeypatch.context() as patch:
        patch.setattr(objects, "delete", lambda key: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            states.save(2, b"two")
    assert states.load() == (2, b"two")
    states.save(3, b"three")
    assert len(list(objects.list("unfinished/"))) == 1


def test_tasks_keep_their_states_apart(objects: FolderObjects) -> None:
    one, other = (Checkpoints(objects, f"unfinished/embed/{shard}") for shard in ("1", "10"))
    one.save(5, b"one")
    other.save(6, b"other")
    one.clear()
    assert (one.load(), other.load()) == (None, (6, b"other"))
    one.clear()
