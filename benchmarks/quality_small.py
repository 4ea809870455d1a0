"""Train on few images and see that nothing gets worse: 700 emoji, the whole benchmark.

Needs the shared corpora. The corpus is whole concepts of the train split, in an order that a hash
of the concept decides, as many as fit. Image → image asks each distinct image of the gallery
alone; right is any image of the same concept in another style, the query itself is removed, equal
scores rank above the target, and an image whose concept has no other style is left out.
"""

import io
import json
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality_emoji import EMOJI, best_control, pairmill, run_pipeline
from pairmill.core.ids import image_id, order_key

GOALS = {
    "image_recall_before": "stated",
    "image_recall_after": "≥ image_recall_before",
    "composed_recall_after": "≥ 1.5 × best_control_recall",
    "best_control_recall": "stated",
}
NUM_IMAGES = 700


@dataclass(frozen=True, kw_only=True)
class Emoji:
    """One image of a tar and what its JSON says of it."""

    key: str
    image: bytes
    about: bytes
    concept: str
    style: str


def measure() -> tuple[dict[str, float], dict[str, Any]]:
    """Run the laptop preset on the small corpus, and ask its gallery image by image."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train = read_emoji("train-*.tar")
        chosen = choose(train, NUM_IMAGES)
        write_tar(chosen, folder / "small.tar")
        queries = image_queries(read_emoji("test-*.tar"))
        (folder / "images.jsonl").write_text("".join(json.dumps(q) + "\n" for q in queries))
        report = run_pipeline(folder / "small.tar", folder / "mill")
        pairmill("evaluate", folder / "mill", "--benchmark", folder / "images.jsonl",
                 "--json", folder / "images.json")  # fmt: skip
        images = json.loads((folder / "images.json").read_text())
        kept = {key: report[key] for key in ("counts", "rejects", "quality", "training")}
        sizes = {"images": len(chosen), "image_queries": len(queries)}
        return figures_of(report["quality"], images), sizes | kept | {"image_to_image": images}


def figures_of(quality: Mapping[str, Any], images: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of the issue. images: the figures of the queries of an image alone."""
    return {
        "image_recall_before": images["before"]["image_only"]["recall@1"],
        "image_recall_after": images["after"]["image_only"]["recall@1"],
        "composed_recall_after": quality["after"]["composed"]["recall@1"],
        "best_control_recall": best_control(dict(quality)),
    }


def choose(emoji: list[Emoji], most: int) -> list[Emoji]:
    """Return whole concepts, `most` images in all or as near as they come."""
    chosen: list[Emoji] = []
    concepts = by_concept(emoji)
    for concept in sorted(concepts, key=lambda name: order_key(0, "quality-small", name)):
        if len(chosen) + len(concepts[concept]) <= most:
            chosen += concepts[concept]
    return chosen


def by_concept(emoji: list[Emoji]) -> dict[str, list[Emoji]]:
    """Return the emoji of every concept."""
    found = defaultdict(list)
    for one in emoji:
        found[one.concept].append(one)
    return found


def image_queries(gallery: list[Emoji]) -> list[dict[str, Any]]:
    """Return benchmark queries of an image alone, one for all keys of the same bytes."""
    concepts = by_concept(gallery)
    found: dict[str, dict[str, Any]] = {}
    for emoji in gallery:
        own = image_id(emoji.image)
        query = found.setdefault(own, {"query_id": own, "query_image": emoji.key, "targets": []})
        others = concepts[emoji.concept]
        query["targets"] += [other.key for other in others if other.style != emoji.style]
    return [query for query in found.values() if query["targets"]]


def read_emoji(pattern: str) -> list[Emoji]:
    """Return the emoji of tars, by key."""
    found = []
    for path in sorted(EMOJI.glob(pattern)):
        with tarfile.open(path) as tar:
            data = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}  # type: ignore[union-attr]
        for name in (name for name in data if name.endswith(".json")):
            key, fields = name.removesuffix(".json"), json.loads(data[name])
            found.append(Emoji(key=key, image=data[f"{key}.webp"], about=data[name],
                               concept=fields["concept"], style=fields["style"]))  # fmt: skip
    return sorted(found, key=lambda emoji: emoji.key)


def write_tar(emoji: list[Emoji], path: Path) -> None:
    """Write emoji as one shard."""
    with tarfile.open(path, "w") as tar:
        for one in emoji:
            for name, data in ((f"{one.key}.webp", one.image), (f"{one.key}.json", one.about)):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
