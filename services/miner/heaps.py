"""Turn the heaps of an unfinished search into bytes and back. Knows no tile and no store.

For each space: the queries' ids, how many neighbours each has, all those neighbours' ids and
scores, one after the other. Scores are float32 values, so that nothing is lost.
"""

import io
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from services.miner.neighbours import Ranked


def to_bytes(digest: str, heaps: dict[str, Ranked]) -> bytes:
    """Return the bytes of heaps by space, with the digest of what they belong to."""
    arrays = {"digest": np.frombuffer(digest.encode(), np.uint8)}
    for space, heap in heaps.items():
        near = list(chain.from_iterable(heap.values()))
        arrays |= {
            f"{space}/queries": _packed(list(heap)),
            f"{space}/counts": np.array([len(best) for best in heap.values()], np.int64),
            f"{space}/ids": _packed([image for image, _ in near]),
            f"{space}/scores": np.array([score for _, score in near], np.float32),
        }
    sink = io.BytesIO()
    np.savez(sink, **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def from_bytes(data: bytes) -> tuple[str, dict[str, Ranked]]:
    """Return the digest and the heaps."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        spaces = [name.rpartition("/")[0] for name in arrays if name.endswith("/queries")]
        heaps = {
            space: _heap(*(arrays[f"{space}/{part}"] for part in
                           ("queries", "counts", "ids", "scores")))
            for space in spaces
        }  # fmt: skip
        return arrays["digest"].tobytes().decode(), heaps


def _heap(
    queries: NDArray[np.uint8],
    counts: NDArray[np.int64],
    ids: NDArray[np.uint8],
    scores: NDArray[np.float32],
) -> Ranked:
    near = list(zip(_unpacked(ids), scores.tolist(), strict=True))
    ends = np.cumsum(counts).tolist()
    starts = [0, *ends]
    return {
        query: near[start:end]
        for query, start, end in zip(_unpacked(queries), starts, ends, strict=False)
    }


def _packed(ids: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(ids)), np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> list[str]:
    text = packed.tobytes().hex()
    return [text[start : start + 32] for start in range(0, len(text), 32)]
