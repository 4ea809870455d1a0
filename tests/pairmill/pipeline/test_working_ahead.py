"""Work done ahead comes back in order, in batches, and never more of it than is promised."""

import threading
from collections.abc import Sequence

import pytest

from pairmill.pipeline.ahead import BATCHES_AHEAD, batches_ahead


@pytest.mark.parametrize("count", [0, 1, 6, 7, 40])
def test_results_come_in_order_and_in_batches(count: int) -> None:
    items = list(range(count))
    found = list(batches_ahead(lambda x: x * x, items, batch=7, threads=3))
    assert [value for batch in found for value in batch] == [x * x for x in items]
    assert all(len(batch) == 7 for batch in found[:-1])


def test_no_more_than_the_promised_batches_are_worked_on_ahead() -> None:
    begun, lock = [0], threading.Lock()

    def work(item: int) -> int:
        with lock:
            begun[0] += 1
        return item

    taken = 0
    for batch in batches_ahead(work, range(100), batch=5, threads=4):
        taken += len(batch)
        assert begun[0] <= taken + BATCHES_AHEAD * 5


def test_an_error_is_raised_where_its_batch_would_have_come() -> None:
    def work(item: int) -> int:
        return 1 // (item - 12)

    seen: list[Sequence[int]] = []
    with pytest.raises(ZeroDivisionError):
        seen.extend(batches_ahead(work, range(1000), batch=5, threads=2))
    assert len(seen) <= 2
