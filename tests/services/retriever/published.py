"""A tiny published model on a folder: drawn images, real towers, an untrained retriever."""

import asyncio
import io
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.client import Client
from pairmill.config import EncoderConfig, RunConfig
from pairmill.core.ids import canonical_json, image_id, sha256_hex
from pairmill.core.records import Caption, ImageRecord
from pairmill.models.retriever import Retriever
from pairmill.pipeline.commit import Commit, CommitLog, Counts
from pairmill.pipeline.graph import ALL, Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.runs import Places, save_run
from pairmill.ports.encoder import Encoder
from pairmill.server import Face, host
from pairmill.server import Ports as Addresses
from pairmill.settings import RetrieverSettings, ServerSettings, Settings
from pairmill.wiring import Ports, Stores
from services.retriever.keeper import Keeper
from services.retriever.servicer import RetrievalServicer, make_face

COLOURS = ("red", "green", "blue", "yellow", "black", "purple")
CONFIG = RunConfig(encoder=EncoderConfig(threads=1))


def picture(colour: str, shape: str = "ellipse", side: int = 64) -> bytes:
    """Return a PNG of a coloured shape on white."""
    image = Image.new("RGB", (side, side), "white")
    getattr(ImageDraw.Draw(image), shape)((8, 8, side - 9, side - 9), fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Mill:
    """A folder with runs and models."""

    root: Path
    encoder: Encoder

    @property
    def objects(self) -> FolderObjects:
        return FolderObjects(self.root)

    def retriever(self, seed: int = 0) -> Retriever:
        """Return the shipped head, with a little noise on it where a seed is given."""
        head = dict(self.encoder.head())
        if seed:
            noise = np.random.default_rng(seed)
            head = {n: (a + 0.05 * a.std() * noise.standard_normal(a.shape).astype(np.float32)
                        if a.ndim == 2 else a) for n, a in head.items()}  # fmt: skip
        return Retriever.untrained(head, encoder_id=self.encoder.encoder_id)

    def publish(
        self, model: str = "shop", *, colours: Sequence[str] = COLOURS, seed: int = 0,
        gallery: str = "", alias: str = "latest",
    ) -> str:  # fmt: skip
        """Write a finished run and its model; return the version."""
        spec = RunSpec(name=f"{model}-{seed}", corpus=model, config=CONFIG, gallery=gallery,
                       encoder_id=self.encoder.encoder_id)  # fmt: skip
        save_run(self.objects, spec, Places(source=str(self.root / "none")))
        self._index(Graph(spec), colours, self.retriever(seed))
        return self.move(model, seed, alias, spec.name)

    def move(self, model: str, seed: int, alias: str, run: str) -> str:
        """Publish a version under an alias."""
        files = self.retriever(seed).save()
        version = sha256_hex(files["safetensors"])[:12]
        home = f"models/{model}"
        self.objects.put(f"{home}/{version}/weights.safetensors", files["safetensors"])
        self.objects.put(f"{home}/{version}/config.json", files["json"])
        said = canonical_json({"version": version, "run": run})
        self.objects.put(f"{home}/aliases/{alias}.json", said)
        return version

    def _index(self, graph: Graph, colours: Sequence[str], retriever: Retriever) -> None:
        """Commit dedupe, embed and index as their services would."""
        place = "@gallery" if graph.spec.gallery else ""
        data = {colour: picture(colour) for colour in colours}
        pixels = [self.encoder.prepare(Image.open(io.BytesIO(d)).convert("RGB"))
                  for d in data.values()]  # fmt: skip
        features = self.encoder.image_features(np.stack(pixels))
        ids = [image_id(d) for d in data.values()]
        records = []
        for colour, kept in data.items():
            self.objects.put(f"kept/{colour}", kept)
            records.append(ImageRecord(
                image_id=image_id(kept), keys=(colour,), store=f"kept/{colour}", length=len(kept),
                captions=(Caption(text=f"a {colour} disc", kind="title"),),
            ))  # fmt: skip
        for name, shard in (("dedupe", ALL), ("embed", "s0"), ("index", "s0")):
            node = graph.node(name + place)
            out = Output(self.objects, node.home, node.stage, "s0")
            if name == "dedupe":
                out.table("images", ImageRecord, records)
            elif name == "embed":
                out.vectors("features", ids, features)
            else:
                out.vectors("vectors", ids, retriever.embed_images(features))
            count = Counts(inputs=len(ids), outputs=len(ids))
            commit = Commit(node=node.name, shard=shard, inputs="", counts=count, files=out.files)
            CommitLog(self.objects, node.commits).write(commit)

    def settings(self, **retriever: object) -> Settings:
        """Return the settings of a retriever that looks often."""
        quick: dict[str, object] = {"refresh_seconds": 0.1, "canary_seconds": 5.0}
        return Settings(
            root=self.root, server=ServerSettings(max_in_flight=8, grace_seconds=5),
            retriever=RetrieverSettings(**quick | retriever),
        )  # fmt: skip


def load_encoder(cache: Path) -> Encoder:
    """Return the encoder that every replica of this process shares."""
    return Ports(Stores(Settings(cache=cache)), CONFIG, Places(source="")).encoder


@dataclass(frozen=True)
class Replica:
    """One retriever on real sockets."""

    addresses: Addresses
    client: Client
    face: Face

    @property
    def keeper(self) -> Keeper:
        """What the replica serves, from inside."""
        assert isinstance(self.face.servicer, RetrievalServicer)
        return self.face.servicer.keeper


@contextmanager
def replica(settings: Settings, *, wait: bool = True) -> Generator[Replica]:
    """Serve in a thread while the block runs, once ready unless told not to wait."""
    face, up, stop = make_face(Stores(settings)), threading.Event(), threading.Event()
    found: list[Addresses] = []

    async def run() -> None:
        async with host(face, settings.server) as addresses:
            found.append(addresses)
            up.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert up.wait(20)
        if wait:
            wait_until(face.ready)
        with Client(f"127.0.0.1:{found[0].grpc}", seconds=20) as client:
            yield Replica(found[0], client, face)
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def wait_until(what: object, seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    assert callable(what)
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if what():
            return
        pause.wait(0.02)
    raise AssertionError(f"not so after {seconds} s")


def another(mill: Mill, root: Path) -> Mill:
    """Return an empty mill of the same encoder."""
    return replace(mill, root=root)
