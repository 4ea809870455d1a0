"""Embed what is searched by the published retriever. Knows features, images and ids; knows no
query.

index: features of one shard, checkpoint → vectors; where the checkpoint has towers of its own,
images of one shard → vectors.
"""

# B images of a batch, F image features, N images of the shard

from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from pairmill.models.opening import Opened, Opener
from pairmill.models.threads import settle_threads
from pairmill.pipeline.commit import Counts, DataFile
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.published import read_checkpoint
from pairmill.pipeline.seeing import load_pixels, see
from pairmill.pipeline.shard import Shard, read_vectors

BATCH = 256
"""Images embedded at once; between two batches the lease is renewed."""

Batch = tuple[list[str], NDArray[np.float32]]
"""Ids of images with their features, (B, F)."""


def index(shard: Shard, out: Output, images: Images, opener: Opener, progress: Progress) -> Counts:
    """Write the vector of every image of the shard, unit norm; one that is not finite is rejected.

    So is one that trained towers cannot see any more: `undecodable`, and the rules of `read_image`.
    The file is written also where it is empty.
    """
    objects = images.objects
    opened = _open(images, tuple(shard.files("train", "checkpoint")), opener)
    embedded = read_vectors(objects, shard.files(shard.upstream("embed"), "features"))
    batches = _anew(shard, images, opened, out, embedded[0]) if opened.anew else _cut(embedded)
    retriever, ids, parts = opened.retriever, list[str](), []
    for names, features_BF in batches:
        settle_threads(shard.config.encoder.threads)
        parts.append(retriever.embed_images(features_BF))
        ids.extend(names)
        progress.advance(len(names))
    progress.advance(len(embedded[0]) - len(ids))
    vectors_ND = np.concatenate([np.zeros((0, retriever.dim), np.float32), *parts])
    finite_N = np.isfinite(vectors_ND).all(axis=1)
    for row in np.flatnonzero(~finite_N):
        num_bad = int((~np.isfinite(vectors_ND[row])).sum())
        out.reject(ids[row], "non_finite", f"{num_bad} of {retriever.dim}", keys=(ids[row],))
    kept = [ids[row] for row in np.flatnonzero(finite_N)]
    out.vectors("vectors", kept, vectors_ND[finite_N])
    return out.close(inputs=len(embedded[0]), outputs=len(kept))


@lru_cache(maxsize=1)
def _open(images: Images, files: tuple[DataFile, ...], opener: Opener) -> Opened:
    """Return the checkpoint, opened once for the shards that come one after the other: towers take
    seconds. The features that a head takes are those that the run's own embedder committed."""
    return opener.open(read_checkpoint(images.objects, list(files)), check=False)


def _cut(embedded: Batch) -> Iterator[Batch]:
    """Yield the features that `embed` wrote, in batches."""
    ids, features_NF = embedded
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH], features_NF[start : start + BATCH]


def _anew(
    shard: Shard, images: Images, opened: Opened, out: Output, ids: list[str]
) -> Iterator[Batch]:
    """Yield what trained towers see in the same images; reject those that cannot be seen."""
    tables = shard.files(shard.upstream("dedupe"), "images")
    known = {record.image_id: record for record in images.records(tables)}
    load = partial(load_pixels, images, opened.towers)
    records = [known[image_id] for image_id in ids]
    for seen in see(opened.towers, records, load, shard.config.encoder):
        for record, why in seen.lost:
            out.reject(record.image_id, why.rule, why.value, keys=(record.image_id,))
        yield [record.image_id for record in seen.records], seen.features_BF
