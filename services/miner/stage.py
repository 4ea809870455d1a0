"""Find related images: bands, mine and select. Knows vectors and ids; knows no image and no vendor.

bands: embeddings → bands, centres. mine: embeddings, bands, centres → candidates, cells.
select: candidates, cells → pairs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from pairmill.core.cells import Cell, find_centres
from pairmill.core.mining import Choice, Window, choose_pairs, quantile_band
from pairmill.core.neighbours import Neighbour
from pairmill.core.records import Band, Pair
from pairmill.core.sampling import (
    balance_relations,
    cap_cells,
    cap_targets,
    cells_of,
    draw_pairs,
    relation_set,
)
from pairmill.pipeline.benchmark import benchmark_ids
from pairmill.pipeline.checkpoint import Attempt
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore
from services.miner.neighbours import Neighbourhood, Ranked, ranked_neighbours
from services.miner.recall import measured_recall
from services.miner.sample import own_cells, sampled_vectors
from services.miner.scanning import scanned_neighbours

NUM_SAMPLED = 1000
"""Images whose mutual similarities set the bands: half a million of them per space."""
PER_CELL, MOST_SAMPLED = 32, 65_536
"""Images a cell that centres are found among, and all of them, which k-means takes minutes for."""


def bands(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Set each space's similarity band, and the centres of cells, once for the run."""
    mining, found = shard.config.mining, []
    for space in mining.spaces:
        config = mining.of(space).band
        if config.kind == "absolute":
            found.append(Band(space=space, low=config.low, high=config.high, num_sampled=0))
            continue
        sample_MD = sampled_vectors(shard, objects, space, NUM_SAMPLED)
        found.append(quantile_band(space, sample_MD, config.low, config.high))
    out.table("bands", Band, found)
    if mining.cells:
        num = min(max(NUM_SAMPLED, PER_CELL * mining.cells), MOST_SAMPLED)
        sample_MD = sampled_vectors(shard, objects, mining.spaces[0], num)
        centres_MD = find_centres(sample_MD, mining.cells)
        out.vectors("centres", [f"{cell:032x}" for cell in range(len(centres_MD))], centres_MD)
    return out.close(inputs=len(found), outputs=len(found))


def mine(
    shard: Shard, out: Output, objects: ObjectStore, vectors: VectorStore, attempt: Attempt
) -> Counts:
    """Pair every image of the shard with some of its neighbours in each space."""
    kept_out = benchmark_ids(shard, objects)
    windows = read_windows(shard, objects)
    choice = Choice(seed=shard.config.seed, num_negatives=shard.config.mining.num_negatives)
    features = [f for f in shard.files("embed", "features") if f.shard == shard.name]
    images, _ = read_vectors(objects, features)
    queries = [image for image in images if image not in kept_out]
    for image in sorted(set(images) - set(queries)):
        out.reject(image, "benchmark_image", "in the benchmark or its gallery", keys=(image,))
    around = Neighbourhood(shard=shard, objects=objects, vectors=vectors,
                           progress=attempt.progress, kept_out=kept_out)  # fmt: skip
    ranked = _ranked(around, windows, queries, attempt)
    if vectors.approximate:
        facts = {s: measured_recall(around, windows[s], near) for s, near in ranked.items()}
        out.facts["recall"] = facts
    pairs: list[Pair] = []
    num_paired = 0
    for query in queries:
        near = {space: ranked[space].get(query, []) for space in windows}
        found = choose_pairs(query, near, windows, choice)
        pairs.extend(found)
        num_paired += bool(found)
        if not found:
            out.reject(query, "no_neighbour_in_band", _nearest(near), keys=(query,))
        attempt.progress.advance()
    out.table("candidates", Pair, pairs)
    if shard.config.mining.cells:
        out.table("cells", Cell, own_cells(shard, objects))
    return out.close(inputs=len(images), outputs=num_paired)


def select(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Draw pairs from all candidates by caps and balance, and cut them into shards."""
    config, seed = shard.config.mining, shard.config.seed
    candidates = list(read_records(objects, shard.files("mine", "candidates"), Pair))
    kept, left_out = cap_targets(candidates, cap=config.target_cap, seed=seed)
    for pair in left_out:
        out.reject(pair.pair_id, "target_cap", config.target_cap, keys=_ends(pair))
    if config.cells:
        cells = {c.image_id: c.cell
                 for c in read_records(objects, shard.files("mine", "cells"), Cell)}  # fmt: skip
        kept, left_out = cap_cells(kept, cells, cap=config.cell_cap, seed=seed)
        for pair in left_out:
            from_cell, to_cell = cells_of(pair, cells)
            out.reject(pair.pair_id, "cell_cap", f"{from_cell} to {to_cell}", keys=_ends(pair))
    if config.balance:
        kept, left_out = balance_relations(kept, balance=config.balance, seed=seed)
        for pair in left_out:
            out.reject(pair.pair_id, "relation_balance", relation_set(pair), keys=_ends(pair))
    if config.max_pairs:
        kept, left_out = draw_pairs(kept, most=config.max_pairs, seed=seed)
        for pair in left_out:
            out.reject(pair.pair_id, "max_pairs", config.max_pairs, keys=_ends(pair))
    for number, start in enumerate(range(0, max(len(kept), 1), config.shard_pairs)):
        rows = kept[start : start + config.shard_pairs]
        out.table("pairs", Pair, rows, shard=f"p{number:06d}")
    out.facts["relations"] = {"candidates": _by_set(candidates), "pairs": _by_set(kept)}
    return out.close(inputs=len(candidates), outputs=len(kept))


def read_windows(shard: Shard, objects: ObjectStore) -> dict[str, Window]:
    """Return the rank window and band of each space that is mined."""
    windows: dict[str, Window] = {}
    for band in read_records(objects, shard.files("bands", "bands"), Band):
        config = shard.config.mining.of(band.space)
        windows[band.space] = Window(first_rank=config.first_rank, last_rank=config.last_rank,
                                     band=band, num_pairs=config.pairs_per_space)  # fmt: skip
    return windows


def _ranked(
    around: Neighbourhood, windows: Mapping[str, Window], queries: list[str], attempt: Attempt
) -> dict[str, Ranked]:
    """Return every space's neighbours: from tiles, or from an engine that holds the corpus."""
    if around.shard.config.mining.engine == "exact":
        return scanned_neighbours(around, list(windows), queries, attempt.checkpoints)
    return {space: ranked_neighbours(around, space, queries) for space in windows}


def _by_set(pairs: Iterable[Pair]) -> dict[str, int]:
    return dict(sorted(Counter(map(relation_set, pairs)).items()))


def _ends(pair: Pair) -> tuple[str, str]:
    return pair.query_id, pair.target_id


def _nearest(near: Mapping[str, list[Neighbour]]) -> str:
    best = [f"{space} {found[0][1]:.3f}" for space, found in near.items() if found]
    return "nearest: " + (", ".join(best) or "none")
