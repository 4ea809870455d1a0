"""Fit the head that the starter encoder ships: `python -m services.trainer.fit_head ROOT FILE`.

Knows a run's features and captions; knows no gradient. README.md says how the shipped file came
about, step by step.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from pairmill.core.errors import CorpusError, StopError
from pairmill.core.ids import sha256_hex
from pairmill.core.records import ImageRecord
from pairmill.models.fitting import Tensors, fit_head
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.runs import latest_run, load_run
from pairmill.pipeline.shard import Shard, read_records, read_vectors
from pairmill.ports.encoder import Encoder
from pairmill.ports.objects import ObjectStore
from pairmill.settings import read_settings
from pairmill.wiring import Ports, Stores

LEAST_IMAGES = 1000
"""Fewer cannot tell 384 directions of either side apart."""


def fit_from(shard: Shard, objects: ObjectStore, encoder: Encoder) -> Tensors:
    """Return the tensors of a head fitted to a corpus's images and their first captions.

    Constants and image directions stay those of the encoder's present head. shard: a view that
    holds the commits of `embed` and `dedupe`. Raises CorpusError where nothing has a caption.
    """
    ids, images_NF = read_vectors(objects, shard.files("embed", "features"))
    rows = {image_id: row for row, image_id in enumerate(ids)}
    captions = {
        image.image_id: image.caption
        for image in read_records(objects, shard.files("dedupe", "images"), ImageRecord)
        if image.caption and image.image_id in rows
    }
    if len(captions) < LEAST_IMAGES:
        raise CorpusError(f"got {len(captions)} images with a caption, wanted {LEAST_IMAGES}")
    ordered = sorted(captions)
    images = images_NF[[rows[image_id] for image_id in ordered]]
    texts = encoder.text_features([captions[image_id] for image_id in ordered])
    return fit_head(encoder.head(), images, texts)


def open_corpus(ports: Ports, graph: Graph) -> Shard:
    """Return a view of the run's images and features."""
    commits = {
        name: tuple(CommitLog(ports.objects, graph.node(name).commits).read_all())
        for name in ("embed", "dedupe")
    }
    return Shard(name="all", node="train", graph=graph, home="", commits=commits)


def main(arguments: list[str]) -> int:
    """Fit, write the file as float16, and print its sha256."""
    name = "python -m services.trainer.fit_head"
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("root", type=Path, help="output folder of `pairmill run`")
    parser.add_argument("file", type=Path, help="the safetensors file to write")
    given = parser.parse_args(arguments)
    try:
        stores = Stores(read_settings().at(given.root))
        folder = Stores.folder(given.root)
        spec, places = load_run(folder, latest_run(folder))
        ports, graph = Ports(stores, spec.config, places), Graph(spec)
        head = fit_from(open_corpus(ports, graph), ports.objects, ports.encoder)
    except StopError as error:
        print(error, file=sys.stderr)
        return 1
    data = save({name: array.astype(np.float16) for name, array in head.items()})
    given.file.write_bytes(data)
    print(sha256_hex(data))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
