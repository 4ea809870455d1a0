"""Read a finished run: its images, its gallery and its retriever. Runs no stage.

Used by search, show, evaluate and the making of the starter's head; knows no screen.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.core.captions import MachineCaption
from pairmill.core.errors import RejectError, RootError
from pairmill.core.records import ImageRecord
from pairmill.decode import open_stored
from pairmill.models.opening import Opened
from pairmill.models.retriever import Retriever
from pairmill.pipeline.commit import Commit, CommitLog, DataFile
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.images import (
    load_catalog,
    load_machine_captions,
    read_image,
    read_image_records,
)
from pairmill.pipeline.published import read_checkpoint
from pairmill.pipeline.runs import latest_run, load_run, read_root
from pairmill.pipeline.shard import read_vectors
from pairmill.settings import read_settings
from pairmill.wiring import Ports, Stores


@dataclass(frozen=True)
class FinishedRun:
    """One run in an output folder, opened for reading."""

    ports: Ports
    graph: Graph

    def files(self, node: str, data_set: str) -> list[DataFile]:
        """Return the committed files of one data set; RootError if the node is not finished."""
        found = [f for c in self.commits(node) for f in c.files if f.data_set == data_set]
        return sorted(found, key=lambda file: (file.shard, file.key))

    def commits(self, node: str) -> list[Commit]:
        """Return a node's commits; RootError if there are none."""
        log = CommitLog(self.ports.objects, self.graph.node(node).commits)
        found = list(log.read_all())
        if not found:
            raise RootError(
                f"run {self.graph.spec.name} has not come to {node} yet: start `pairmill run` "
                "again with the same --out, it goes on where it stopped"
            )
        return found

    @cached_property
    def corpus_images(self) -> dict[str, ImageRecord]:
        """The corpus's images by id."""
        return load_catalog(self.ports.objects, self.files("dedupe", "images"))

    @cached_property
    def gallery_images(self) -> dict[str, ImageRecord]:
        """The images of the run's own gallery by id; none where the corpus is searched."""
        if not self.graph.spec.gallery:
            return {}
        return load_catalog(self.ports.objects, self.files("dedupe@gallery", "images"))

    @cached_property
    def edits(self) -> dict[str, ImageRecord]:
        """The run's edits by id; none where it has not come to them."""
        commits = CommitLog(self.ports.objects, self.graph.node("edit").commits).read_all()
        files = [file for commit in commits for file in commit.files if file.data_set == "edits"]
        tables = [file for file in files if file.key.endswith(".parquet")]
        records = read_image_records(self.ports.objects, tables)
        return {record.image_id: record for record in records}

    @cached_property
    def catalog(self) -> dict[str, ImageRecord]:
        """Every image of the run by id."""
        return {**self.gallery_images, **self.corpus_images}

    @cached_property
    def machine_captions(self) -> dict[str, MachineCaption]:
        """What a machine made of the images that nobody captioned, by id; none before `embed`."""
        nodes = ["embed", "embed@gallery"] if self.graph.spec.gallery else ["embed"]
        try:
            files = [file for node in nodes for file in self.files(node, "captions")]
        except RootError:
            return {}
        return load_machine_captions(self.ports.objects, files)

    def caption(self, image_id: str) -> str:
        """Return an image's caption for who looks at it; one by machine says so."""
        record, made = self.catalog.get(image_id), self.machine_captions.get(image_id)
        if record is None or record.caption or made is None:
            return record.caption if record else ""
        return f"by machine: {made.text}"

    def indexed(self, *, corpus: bool = False) -> tuple[list[str], NDArray[np.float32]]:
        """Return ids and unit vectors, (N, D), of what is searched: the run's own gallery where it
        has one, else, or where `corpus` says so, its corpus."""
        place = "@gallery" if self.graph.spec.gallery and not corpus else ""
        return read_vectors(self.ports.objects, self.files(f"index{place}", "vectors"))

    @cached_property
    def opened(self) -> Opened:
        """The published retriever, with the towers whose features it takes."""
        files = self.files("train", "checkpoint")
        return self.ports.opener.open(read_checkpoint(self.ports.objects, files))

    @property
    def retriever(self) -> Retriever:
        """The published retriever."""
        return self.opened.retriever

    def picture(self, image_id: str) -> Image.Image | None:
        """Return an image of the run, or an edit, or None where its bytes cannot be had any
        more."""
        record = self.catalog.get(image_id) or self.edits.get(image_id)
        if record is None:
            return None
        source = self.ports.source if image_id in self.corpus_images else self.ports.gallery
        try:
            return open_stored(read_image(record, self.ports.objects, source))
        except (RejectError, KeyError):
            return None


def open_run(out: Path, run: str = "") -> FinishedRun:
    """Open a run of an output folder, the latest unless named."""
    if not out.is_dir():
        raise RootError(f"{out}: no such folder; wanted the output folder of `pairmill run`")
    stores = Stores(read_settings().at(out))
    objects = Stores.folder(out.resolve())
    read_root(objects)
    spec, places = load_run(objects, run or latest_run(objects))
    ports = Ports(stores, spec.config, places)
    return FinishedRun(ports, Graph(spec))
