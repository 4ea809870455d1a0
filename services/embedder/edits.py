"""Embed edits: edits → features, as `embed` makes them of images. Knows records and the encoder
port; knows no space, because nothing is mined or searched among edits.
"""

from functools import partial

from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.seeing import load_pixels
from pairmill.pipeline.shard import Shard
from pairmill.ports.encoder import Encoder
from services.embedder.stage import Pass


def embed_edits(
    shard: Shard, out: Output, images: Images, encoder: Encoder, progress: Progress
) -> Counts:
    """Write the features of the shard's edits.

    Rejects: `undecodable`, and `non_finite` for an edit whose features are not finite.
    """
    tables = [file for file in shard.files("edit", "edits") if file.key.endswith(".parquet")]
    records = images.records(tables)
    load = partial(load_pixels, images, encoder)
    tower = Pass(encoder=encoder, config=shard.config.encoder, out=out, progress=progress)
    kept, features_NF = tower.features(records, load)
    out.vectors("features", [record.image_id for record in kept], features_NF)
    return out.close(inputs=len(records), outputs=len(kept))
