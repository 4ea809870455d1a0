"""Do parts of one computation side by side, each on one core. Knows no vector.

A BLAS splits each product over all cores, and the cores wait for one another at its end, a
hundred times a second where products are small; everything between products runs on one core.
Parts that share nothing need neither.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Part = TypeVar("Part")
Done = TypeVar("Done")


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


@cache
def num_cores() -> int:
    """Return how many cores the process's BLAS was told to use (`OMP_NUM_THREADS`), at least 1."""
    return max((int(found["num_threads"]) for found in _blas().info()), default=1)


def side_by_side(work: Callable[[Part], Done], parts: Iterable[Part]) -> list[Done]:
    """Return what `work` makes of each part, in their order."""
    parts = list(parts)
    threads = min(num_cores(), len(parts))
    if threads < 2:
        return [work(part) for part in parts]
    with _one_core, ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))


class OneCoreAProduct:
    """Keeps BLAS to one core while anybody is inside: the setting is the whole process's."""

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit = _blas().limit(limits=1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


_one_core = OneCoreAProduct()
