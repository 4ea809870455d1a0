"""Find related images: bands, mine and select. Knows vectors and ids; knows no image and no vendor.

bands: embeddings → bands. mine: embeddings, bands → candidates. select: candidates → pairs.
"""

from collections.abc import Mapping

from pairmill.core.ids import order_key
from pairmill.core.mining import Choice, Window, cap_targets, choose_pairs, quantile_band
from pairmill.core.records import Band, Pair
from pairmill.pipeline.benchmark import benchmark_ids
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.objects import ObjectStore
from pairmill.ports.vectors import VectorStore
from services.miner.filling import space_files
from services.miner.neighbours import Neighbourhood, ranked_neighbours
from services.miner.recall import measured_recall

NUM_SAMPLED = 1000
"""Images whose mutual similarities set the bands: half a million of them per space."""


def bands(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Set each space's similarity band, once for the run."""
    config, found = shard.config.mining.band, []
    for space in shard.config.mining.spaces:
        if config.kind == "absolute":
            found.append(Band(space=space, low=config.low, high=config.high, num_sampled=0))
            continue
        ids, vectors_ND = read_vectors(objects, space_files(shard, space))
        rows = sorted(range(len(ids)), key=lambda i: order_key(shard.config.seed, "bands", ids[i]))
        sample_MD = vectors_ND[rows[:NUM_SAMPLED]]
        found.append(quantile_band(space, sample_MD, config.low, config.high))
    out.table("bands", Band, found)
    return out.close(inputs=len(found), outputs=len(found))


def mine(
    shard: Shard, out: Output, objects: ObjectStore, vectors: VectorStore, progress: Progress
) -> Counts:
    """Pair every image of the shard with some of its neighbours in each space."""
    config = shard.config.mining
    kept_out = benchmark_ids(shard, objects)
    windows = read_windows(shard, objects)
    choice = Choice(seed=shard.config.seed, pairs_per_space=config.pairs_per_space,
                    num_negatives=config.num_negatives)  # fmt: skip
    features = [f for f in shard.files("embed", "features") if f.shard == shard.name]
    images, _ = read_vectors(objects, features)
    queries = [image for image in images if image not in kept_out]
    for image in sorted(set(images) - set(queries)):
        out.reject(image, "benchmark_image", "in the benchmark or its gallery", keys=(image,))
    around = Neighbourhood(shard=shard, objects=objects, vectors=vectors, progress=progress,
                           kept_out=kept_out)  # fmt: skip
    ranked = {space: ranked_neighbours(around, space, queries) for space in windows}
    if vectors.approximate:
        out.facts["recall"] = {s: measured_recall(around, s, near) for s, near in ranked.items()}
    pairs: list[Pair] = []
    num_paired = 0
    for query in queries:
        near = {space: ranked[space].get(query, []) for space in windows}
        found = choose_pairs(query, near, windows, choice)
        pairs.extend(found)
        num_paired += bool(found)
        if not found:
            out.reject(query, "no_neighbour_in_band", _nearest(near), keys=(query,))
        progress.advance()
    out.table("candidates", Pair, pairs)
    return out.close(inputs=len(images), outputs=num_paired)


def select(shard: Shard, out: Output, objects: ObjectStore) -> Counts:
    """Cap how often an image is a target and cut the pairs into shards."""
    config = shard.config.mining
    candidates = list(read_records(objects, shard.files("mine", "candidates"), Pair))
    kept, left_out = cap_targets(candidates, cap=config.target_cap, seed=shard.config.seed)
    for pair in left_out:
        out.reject(pair.pair_id, "target_cap", config.target_cap,
                   keys=(pair.query_id, pair.target_id))  # fmt: skip
    for number, start in enumerate(range(0, max(len(kept), 1), config.shard_pairs)):
        rows = kept[start : start + config.shard_pairs]
        out.table("pairs", Pair, rows, shard=f"p{number:06d}")
    return out.close(inputs=len(candidates), outputs=len(kept))


def read_windows(shard: Shard, objects: ObjectStore) -> dict[str, Window]:
    """Return the rank window and band of each space that is mined."""
    config = shard.config.mining
    found = read_records(objects, shard.files("bands", "bands"), Band)
    return {
        band.space: Window(first_rank=config.first_rank, last_rank=config.last_rank, band=band)
        for band in found
    }


def _nearest(near: Mapping[str, list[tuple[str, float]]]) -> str:
    best = [f"{space} {found[0][1]:.3f}" for space, found in near.items() if found]
    return "nearest: " + (", ".join(best) or "none")
