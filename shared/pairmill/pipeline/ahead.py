"""Do slow work on items some batches ahead of whoever takes them. Knows no image and no model."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

BATCHES_AHEAD = 2
"""Batches whose items are being worked on while one is in use: bounds the memory."""


def batches_ahead(
    work: Callable[[Item], Done], items: Sequence[Item], *, batch: int, threads: int
) -> Iterator[list[Done]]:
    """Yield `work` of all items in order, in batches of `batch`; the last may be smaller.

    An exception of `work` is raised where its batch would have been yielded.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        waiting: deque[list[Future[Done]]] = deque()
        try:
            for start in range(0, len(items), batch):
                waiting.append([pool.submit(work, item) for item in items[start : start + batch]])
                if len(waiting) > BATCHES_AHEAD:
                    yield [future.result() for future in waiting.popleft()]
            while waiting:
                yield [future.result() for future in waiting.popleft()]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
