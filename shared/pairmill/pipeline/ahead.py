"""Do slow work on items some way ahead of whoever takes them. Knows no image and no model."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

BATCHES_AHEAD = 2
"""Batches whose items are being worked on while one is in use: bounds the memory."""


def ahead(
    work: Callable[[Item], Done], items: Iterable[Item], *, threads: int, depth: int
) -> Iterator[Done]:
    """Yield `work` of all items in order; at most `depth` of them are done, or being worked on,
    while one is in use.

    An exception of `work` is raised where its item would have been yielded.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        waiting: deque[Future[Done]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def batches_ahead(
    work: Callable[[Item], Done], items: Iterable[Item], *, batch: int, threads: int
) -> Iterator[list[Done]]:
    """Yield `work` of all items in order, in batches of `batch`; the last may be smaller."""
    done = ahead(work, items, threads=threads, depth=BATCHES_AHEAD * batch)
    return iter(lambda: list(islice(done, batch)), [])
