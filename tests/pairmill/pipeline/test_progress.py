"""Progress that a job leaves in an object for whoever waits."""

from collections.abc import Generator
from pathlib import Path

import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.pipeline import progress
from pairmill.pipeline.progress import EVERY, Mark, ObjectProgress, Silent, follow, read_mark


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves."""
    time = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: time[0])  # type: ignore[attr-defined]
    return time


def test_nothing_is_known_before_the_first_word(tmp_path: Path) -> None:
    assert read_mark(FolderObjects(tmp_path), "progress/train.json") is None


def test_a_mark_says_how_much_of_how_much_is_done(tmp_path: Path, now: list[float]) -> None:
    objects = FolderObjects(tmp_path)
    told = ObjectProgress(objects, "progress/train.json")
    told.total(600)
    assert read_mark(objects, "progress/train.json") == Mark(done=0, total=600)
    now[0] += 1
    told.advance(50)
    assert read_mark(objects, "progress/train.json") == Mark(done=50, total=600)


def test_it_is_written_once_a_second_at_most_and_counts_all_the_same(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = FolderObjects(tmp_path)
    written: list[bytes] = []
    monkeypatch.setattr(objects, "put", lambda key, data: written.append(data))
    told = ObjectProgress(objects, "progress/train.json")
    for _ in range(1000):
        told.advance()
        now[0] += 0.01
    assert 10 <= len(written) <= 11
    assert written[-1] == b'{"done":901,"total":0}'


def test_progress_that_nobody_watches_does_nothing() -> None:
    Silent().advance(3)
    Silent().total(3)


class Told(Silent):
    """Progress that remembers, and may end the work."""

    def __init__(self, limit: int = 10**6) -> None:
        self.counts: list[int] = []
        self._limit = limit

    def advance(self, count: int = 1) -> None:
        self.counts.append(count)
        if sum(self.counts) >= self._limit:
            raise TimeoutError


def stream(closed: list[str], num: int) -> Generator[int]:
    try:
        yield from range(num)
    finally:
        closed.append("closed")


def test_a_stream_tells_of_every_record_once_and_not_one_by_one(now: list[float]) -> None:
    told = Told()
    assert list(follow(stream([], 2 * EVERY + 5), told)) == list(range(2 * EVERY + 5))
    assert told.counts == [EVERY, EVERY, 5]
    assert list(follow(stream([], 0), told)) == []
    assert told.counts == [EVERY, EVERY, 5]


def test_a_slow_stream_tells_of_each_record_as_it_comes(now: list[float]) -> None:
    told = Told()
    for _ in follow(stream([], 3), told):
        now[0] += 2
    assert told.counts == [1, 1, 1]


def test_work_that_is_ended_closes_what_makes_the_outcomes_at_once() -> None:
    closed: list[str] = []
    with pytest.raises(TimeoutError) as ended:
        for _ in follow(stream(closed, 10**6), Told(limit=EVERY)):
            pass
    assert ended.value.__traceback__ is not None  # which would keep an open stream alive
    assert closed == ["closed"]
