"""What only the embedded Qdrant must do: live apart, die alone, build a graph, clear up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairmill.adapters.vectors import edge_process
from pairmill.adapters.vectors.edge import EdgeVectors
from pairmill.core.errors import ConfigError, RetryError


def identities(num: int) -> list[str]:
    return [f"{i:032x}" for i in range(num)]


def unit_vectors(num: int, dim: int) -> NDArray[np.float32]:
    vectors_ND = np.random.default_rng(0).standard_normal((num, dim)).astype(np.float32)
    return np.asarray(vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True), np.float32)


def test_a_killed_process_costs_a_retry_and_the_next_call_starts_another(tmp_path: Path) -> None:
    store = EdgeVectors(folder=tmp_path)
    store.create("c", 4)
    store.upsert("c", identities(9), unit_vectors(9, 4))
    first = store.pid
    os.kill(first, signal.SIGKILL)
    with pytest.raises(RetryError, match=r"ended during count \(exit -9\).*built anew"):
        store.count("c")
    assert store.count("c") == 0  # so that whoever fills it does so anew
    store.create("c", 4)
    store.upsert("c", identities(9), unit_vectors(9, 4))
    assert store.count("c") == 9
    assert store.pid not in (0, first)
    store.close()
    assert not list(tmp_path.iterdir())


def test_the_process_ends_and_clears_up_where_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, signal\nfrom pathlib import Path\n"
        "from pairmill.adapters.vectors.edge import EdgeVectors\n"
        f"store = EdgeVectors(folder=Path({str(tmp_path)!r}))\nstore.create('c', 4)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    # the child holds stderr, and ends after its parent: reading it to its end waits for both
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_search_builds_the_graph_that_it_needs_and_an_exact_one_none(tmp_path: Path) -> None:
    vectors_ND, queries_QD = np.split(unit_vectors(1700, 32), [1500])
    best_Q = [f"{i:032x}" for i in np.argmax(queries_QD @ vectors_ND.T, axis=1).tolist()]
    store = EdgeVectors(1, index_kb=50, folder=tmp_path)
    store.create("c", 32)
    store.upsert("c", identities(1500), vectors_ND)

    def recall(*, exact: bool = False) -> float:
        found = [ids[0] for ids in store.search("c", queries_QD, 1, exact=exact).ids]
        return sum(a == b for a, b in zip(found, best_Q, strict=True)) / len(best_Q)

    assert store.approximate
    assert recall(exact=True) == 1
    narrow = recall()
    store._hnsw_ef = 400
    assert narrow < recall()
    assert recall() > 0.97
    assert recall(exact=True) == 1
    store.close()


def test_what_edge_cannot_do_is_a_retry_and_the_process_goes_on(tmp_path: Path) -> None:
    store = EdgeVectors(folder=tmp_path)
    store.create("c", 4)
    with pytest.raises(RetryError, match="could not search"):
        store._process.call("search", b"", name="no such", k=1, ef=0)
    assert store.count("c") == 0
    store.close()


def test_without_the_package_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_process, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="pip install qdrant-edge-py"):
        EdgeVectors()
