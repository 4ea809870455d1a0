"""Embed edits: edits → features, as `embed` makes them of images. Knows records and the encoder
port; knows no space, because nothing is mined or searched among edits.
"""

from functools import partial

import numpy as np

from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard
from pairmill.ports.encoder import Encoder
from services.embedder.ahead import batches_ahead
from services.embedder.stage import image_features, load_pixels


def embed_edits(
    shard: Shard, out: Output, images: Images, encoder: Encoder, progress: Progress
) -> Counts:
    """Write the features of the shard's edits.

    Rejects: `undecodable`, and `non_finite` for an edit whose features are not finite.
    """
    tables = [file for file in shard.files("edit", "edits") if file.key.endswith(".parquet")]
    records = images.records(tables)
    load = partial(load_pixels, images, encoder)
    config, found = shard.config.encoder, []
    batches = batches_ahead(load, records, batch=config.batch, threads=config.threads)
    for start, batch in zip(range(0, len(records), config.batch), batches, strict=True):
        here = records[start : start + config.batch]
        found.append(image_features(encoder, out, here, batch))
        progress.advance(len(batch))
    ids = [record.image_id for part, _ in found for record in part]
    none = np.zeros((0, encoder.image_dim), np.float32)
    out.vectors("features", ids, np.concatenate([none, *(part for _, part in found)]))
    return out.close(inputs=len(records), outputs=len(ids))
