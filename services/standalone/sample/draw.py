"""Draw the sample corpus, its gallery and its benchmark into a folder. Knows files; knows nothing
of the pipeline that reads them."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from services.standalone.sample.benchmark import queries
from services.standalone.sample.captions import caption
from services.standalone.sample.families import Entry, plan
from services.standalone.sample.looks import ATTRIBUTES, value
from services.standalone.sample.picture import draw_picture
from services.standalone.sample.seeds import generator

FORMAT_VERSION = 1  # raise it when any picture, word or field changes
_JPEG_QUALITY = 90  # about 14 kB a picture; below 85 the pixel art shows ringing


@dataclass(frozen=True)
class SamplePaths:
    """Where a sample lies."""

    corpus: Path
    captions: Path
    gallery: Path
    benchmark: Path


def draw_sample(
    out: Path,
    *,
    num_images: int = 2000,
    num_gallery: int = 400,
    seed: int = 7,
    on_progress: Callable[[int, int], None] | None = None,
) -> SamplePaths:
    """Draw the sample, or return at once where `out` already holds it, complete.

    The same arguments give the same bytes. `on_progress` hears of pictures drawn and in all.
    """
    if num_images < 1 or num_gallery < 1:
        raise ValueError(f"got {num_images} images, {num_gallery} in the gallery; wanted 1 or more")
    paths = SamplePaths(
        out / "corpus", out / "captions.jsonl", out / "gallery", out / "benchmark.jsonl"
    )
    marker = out / "sample.json"
    wanted = {"format": FORMAT_VERSION, "seed": seed}
    wanted |= {"num_images": num_images, "num_gallery": num_gallery}
    if marker.exists() and json.loads(marker.read_text()) == wanted:
        return paths
    marker.unlink(missing_ok=True)
    corpus = plan(seed, num_images, held_out=False)
    gallery = plan(seed, num_gallery, held_out=True)
    _draw_all({paths.corpus: corpus, paths.gallery: gallery}, seed, on_progress)
    _write_lines(paths.captions, (_captioned(entry, seed) for entry in corpus))
    _write_lines(paths.benchmark, (asdict(query) for query in queries(gallery, seed)))
    marker.write_text(json.dumps(wanted) + "\n")  # last: it says that all the rest is there
    return paths


def _draw_all(
    folders: Mapping[Path, list[Entry]], seed: int, on_progress: Callable[[int, int], None] | None
) -> None:
    for folder, entries in folders.items():
        _claim(folder, entries)
    _keep_freed_memory()
    todo = [(folder, entry) for folder, entries in folders.items() for entry in entries]
    for num_done, (folder, entry) in enumerate(todo, start=1):
        picture = draw_picture(entry.look, generator(seed, "picture", entry.key))
        picture.save(folder / f"{entry.key}.jpg", quality=_JPEG_QUALITY, subsampling=0)
        if on_progress is not None:
            on_progress(num_done, len(todo))


def _keep_freed_memory() -> None:
    """Have the C library keep what pictures free instead of returning it page by page.

    glibc raises both of its thresholds to the largest block ever freed (mallopt(3), dynamic mmap
    threshold, at most 32 MiB); without this, fresh pages take half of the drawing time.
    """
    block = np.empty(30 << 20, dtype=np.uint8)
    del block


def _claim(folder: Path, entries: list[Entry]) -> None:
    """Make the folder; refuse one with other pictures, which would pass for the sample's own."""
    folder.mkdir(parents=True, exist_ok=True)
    strangers = {path.name for path in folder.iterdir()} - {f"{entry.key}.jpg" for entry in entries}
    if strangers:
        raise ValueError(
            f"{folder} holds {len(strangers)} files that are not of this sample, such as "
            f"{min(strangers)}; wanted an empty folder: remove it, or name another one"
        )


def _captioned(entry: Entry, seed: int) -> Mapping[str, object]:
    return {
        "file": f"{entry.key}.jpg",
        "caption": caption(entry.look, generator(seed, "caption", entry.key)),
        "attributes": {name: [value(entry.look, name)] for name in ATTRIBUTES},
    }


def _write_lines(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
