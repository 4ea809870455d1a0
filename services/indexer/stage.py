"""Embed what is searched by the published retriever. Knows features and ids; knows no image.

index: features of one shard, checkpoint → vectors.
"""

import numpy as np

from pairmill.models.retriever import Retriever
from pairmill.models.threads import settle_threads
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.published import read_checkpoint
from pairmill.pipeline.shard import Shard, read_vectors
from pairmill.ports.objects import ObjectStore

BATCH = 256
"""Images embedded at once; between two batches the lease is renewed."""


def index(shard: Shard, out: Output, objects: ObjectStore, progress: Progress) -> Counts:
    """Write the vector of every image of the shard, unit norm; one that is not finite is rejected.

    The file is written also where it is empty.
    """
    retriever = Retriever.load(*read_checkpoint(objects, shard.files("train", "checkpoint")))
    ids, features_NF = read_vectors(objects, shard.files(shard.upstream("embed"), "features"))
    settle_threads(shard.config.encoder.threads)
    parts = []
    for start in range(0, len(ids), BATCH):
        parts.append(retriever.embed_images(features_NF[start : start + BATCH]))
        progress.advance(len(parts[-1]))
    vectors_ND = np.concatenate(parts) if parts else np.zeros((0, retriever.dim), np.float32)
    finite_N = np.isfinite(vectors_ND).all(axis=1)
    for row in np.flatnonzero(~finite_N):
        num_bad = int((~np.isfinite(vectors_ND[row])).sum())
        out.reject(ids[row], "non_finite", f"{num_bad} of {retriever.dim}", keys=(ids[row],))
    kept = [ids[row] for row in np.flatnonzero(finite_N)]
    out.vectors("vectors", kept, vectors_ND[finite_N])
    return out.close(inputs=len(ids), outputs=len(kept))
