"""Exact mining against faiss, its memory at a million images, and the embedded index beside it.

Needs faiss, which the extra `bench` brings. Made-up unit vectors: what is timed depends on no
content. Both searches take turns over the same queries with the same number of threads, and the
ratio is that of their fastest turns.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairmill.adapters.vectors.edge import EdgeVectors
from pairmill.adapters.vectors.exact import ExactVectors
from pairmill.adapters.vectors.side import num_cores
from pairmill.ports.vectors import VectorStore

GOALS = {"ratio": "≥ 1.0", "peak_memory_gib_1m": "≤ 4"}
DIM, K = 256, 64
NUM = int(os.environ.get("PAIRMILL_BENCH_MINE", 100_000))
"""Images mined, each against all; smaller to try it."""
TURNS, PARTS = 8, 24
"""Turns, each over a part of the queries."""
NUM_EDGE, NUM_ASKED, EF = 20_000, 2_000, 128


def measure() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures and what stands behind them."""
    vectors_ND = unit_vectors(NUM, DIM)
    seconds = exact_against_faiss(vectors_ND)
    memory = peak_memory(10 * NUM)
    figures = {
        "ratio": round(seconds["faiss"] / seconds["exact"], 3),
        "peak_memory_gib_1m": round(memory["peak_kib"] / 2**20, 2),
    }
    details = {
        "images": NUM, "dims": DIM, "k": K, "threads": num_cores(),
        "seconds_for_all_images": {name: round(s, 2) for name, s in seconds.items()},
        "memory": memory, "edge": edge_rates(vectors_ND[:NUM_EDGE]),
    }  # fmt: skip
    return figures, details


def unit_vectors(num: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Return random unit vectors, rounded to float16 as they are stored, (num, dim)."""
    vectors_ND = np.random.default_rng(seed).standard_normal((num, dim), np.float32)
    vectors_ND /= np.linalg.norm(vectors_ND, axis=1, keepdims=True)
    return vectors_ND.astype(np.float16).astype(np.float32)


def identities(num: int) -> list[str]:
    """Return ids."""
    return [f"{i:032x}" for i in range(num)]


def exact_against_faiss(vectors_ND: NDArray[np.float32]) -> dict[str, float]:
    """Return the seconds that either takes for all images, from the fastest turns."""
    import faiss

    faiss.omp_set_num_threads(num_cores())
    index = faiss.IndexFlatIP(vectors_ND.shape[1])
    index.add(vectors_ND)
    store = filled(ExactVectors(), vectors_ND)
    part_QD = vectors_ND[: max(1, len(vectors_ND) // PARTS)]
    found = store.search("c", part_QD[:100], K)
    rows_QK = index.search(part_QD[:100], K)[1]
    same = np.mean([len({int(i, 16) for i in ids} & set(rows.tolist())) / K
                    for ids, rows in zip(found.ids, rows_QK, strict=True)])  # fmt: skip
    assert same > 0.999, f"the two searches agree on {same:.4f} of the neighbours"
    turns = {"faiss": list[float](), "exact": list[float]()}
    for _ in range(TURNS):
        turns["faiss"].append(timed(lambda: index.search(part_QD, K)))
        turns["exact"].append(timed(lambda: store.search("c", part_QD, K)))
    return {name: min(taken) * len(vectors_ND) / len(part_QD) for name, taken in turns.items()}


def peak_memory(num: int) -> dict[str, Any]:
    """Return what a process of its own says that mines some images among `num` on a disk."""
    command = [sys.executable, "-m", "benchmarks.mining.memory", str(num)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def edge_rates(vectors_ND: NDArray[np.float32]) -> dict[str, float]:
    """Return how fast an embedded index is filled, built and asked, and what it finds."""
    store, asked_QD = EdgeVectors(EF), vectors_ND[:NUM_ASKED]
    write = timed(lambda: filled(store, vectors_ND))
    build = timed(lambda: store.search("c", asked_QD[:1], K))
    ask = timed(lambda: store.search("c", asked_QD, K))
    near, true = (store.search("c", asked_QD[:200], K, exact=exact) for exact in (False, True))
    store.close()
    recall = np.mean([len(set(a) & set(b)) / K for a, b in zip(near.ids, true.ids, strict=True)])
    return {
        "images": len(vectors_ND), "hnsw_ef": EF, "recall_at_k": round(float(recall), 4),
        "written_per_second": round(len(vectors_ND) / write),
        "built_per_second": round(len(vectors_ND) / build),
        "queries_per_second": round(len(asked_QD) / ask),
    }  # fmt: skip


def filled(store: VectorStore, vectors_ND: NDArray[np.float32]) -> VectorStore:
    """Write all vectors into a new collection `c`."""
    store.create("c", vectors_ND.shape[1])
    store.upsert("c", identities(len(vectors_ND)), vectors_ND)
    return store


def timed(call: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
