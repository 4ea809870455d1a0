"""Windows and bands of one space, cells and balance, through the worker, against counting."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pairmill.adapters.vectors.edge import EdgeVectors
from pairmill.config import MiningConfig
from pairmill.core.cells import Cell
from pairmill.core.records import Band, Pair, Reject
from pairmill.core.sampling import relation_set
from pairmill.pipeline.report import build_report
from tests.services.miner.small_run import CONFIG, IDS, NUM, SHARD, SPACES, commits, read, run

OWN = MiningConfig.model_validate({
    **CONFIG.model_dump(),
    "per_space": {"caption": {"first_rank": 4, "last_rank": 6, "pairs_per_space": 1,
                              "band": {"kind": "absolute", "low": -0.5, "high": 0.9}}},
})  # fmt: skip


def test_a_space_has_its_own_window_and_band_and_the_others_keep_the_common_ones(
    tmp_path: Path,
) -> None:
    worker, common = run(tmp_path / "own", OWN), run(tmp_path / "common", CONFIG)
    bands = {band.space: band for band in read(worker, "bands", "bands", Band)}
    assert (bands["caption"].low, bands["caption"].high) == (-0.5, 0.9)
    assert bands["visual_pattern"] == read(common, "bands", "bands", Band)[0]
    pairs: list[Pair] = read(worker, "mine", "candidates", Pair)
    ranks = {space: Counter(r.rank for p in pairs for r in p.relations if r.space == space)
             for space in SPACES}  # fmt: skip
    assert set(ranks["caption"]) <= {4, 5, 6}
    assert min(ranks["visual_pattern"]) == CONFIG.first_rank
    only = Counter(p.query_id for p in pairs if relation_set(p) == "caption")
    assert max(only.values()) == 1


@pytest.mark.parametrize("cells", [1, 6])
def test_pairs_are_spread_over_the_cells_and_every_image_has_one(
    tmp_path: Path, cells: int
) -> None:
    worker = run(tmp_path, CONFIG.model_copy(update={"cells": cells, "cell_cap": 4}))
    cell_of = {c.image_id: c.cell for c in read(worker, "mine", "cells", Cell)}
    assert set(cell_of) == set(IDS)
    assert len(set(cell_of.values())) == cells
    mined: list[Pair] = read(worker, "mine", "candidates", Pair)
    kept: list[Pair] = read(worker, "select", "pairs", Pair)
    left_out = Counter(r.rule for r in read(worker, "select", "rejects/select", Reject))
    leads = Counter((cell_of[p.query_id], cell_of[p.target_id]) for p in kept)
    assert max(leads.values()) == 4
    assert left_out["cell_cap"] > 0
    assert len(kept) + left_out.total() == len(mined)


def test_images_without_a_vector_in_the_first_space_have_no_cell(tmp_path: Path) -> None:
    captions_first = ("caption", "visual_pattern")
    worker = run(tmp_path, CONFIG.model_copy(update={"spaces": captions_first, "cells": 3}))
    found = {c.image_id for c in read(worker, "mine", "cells", Cell)}
    assert found == {IDS[i] for i in range(NUM) if i % SHARD != SHARD - 1}


def test_relation_sets_become_equal_and_the_report_counts_them(tmp_path: Path) -> None:
    worker = run(tmp_path, CONFIG.model_copy(update={"balance": 1.0}))
    kept = Counter(map(relation_set, read(worker, "select", "pairs", Pair)))
    assert len(kept) == 3
    assert sorted(kept.values())[1] == sorted(kept.values())[2]
    told = build_report(worker.ports.objects, worker.graph)["relations"]
    assert {name: found["pairs"] for name, found in told.items()} == kept
    assert sum(found["share"] for found in told.values()) == pytest.approx(1, abs=1e-5)
    assert all(found["candidates"] >= found["pairs"] for found in told.values())


def test_what_is_off_leaves_no_trace(tmp_path: Path) -> None:
    worker = run(tmp_path, CONFIG)
    assert {f.data_set for c in commits(worker, "bands") for f in c.files} == {"bands"}
    assert not [f for c in commits(worker, "mine") for f in c.files if f.data_set == "cells"]
    rules = {r.rule for r in read(worker, "select", "rejects/select", Reject)}
    assert rules <= {"target_cap"}


def test_cells_do_not_depend_on_how_the_corpus_is_cut(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"cells": 4})
    found = [read(run(tmp_path / name, config), "mine", "cells", Cell) for name in "ab"]
    assert found[0] == found[1]
    assert np.bincount([c.cell for c in found[0]]).min() > 0


def test_an_embedded_engine_that_searches_exactly_gives_the_bytes_of_the_exact_one(
    tmp_path: Path,
) -> None:
    engine = EdgeVectors(folder=tmp_path)
    edge = run(tmp_path / "edge", CONFIG.model_copy(update={"engine": "edge", "hnsw_ef": 0}),
               engine=engine)  # fmt: skip
    assert engine.pid
    exact = run(tmp_path / "exact", CONFIG)
    for node in ("mine", "select"):
        assert commits(edge, node) == commits(exact, node)
    engine.close()
