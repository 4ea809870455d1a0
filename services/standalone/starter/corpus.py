"""Gather the corpus from which the starter's weights are fitted: drawn pictures beside real ones.

Knows the sample's looks and tars; knows no feature and no head.
"""

import io
import json
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from services.standalone.sample.captions import caption
from services.standalone.sample.families import Entry, plan
from services.standalone.sample.picture import draw_picture
from services.standalone.sample.seeds import generator

SEED = 20261121
"""Not the demo's, whose pictures must be new to the head."""
RESERVED = frozenset({
    "crimson", "light green", "deep blue", "pale purple", "bright yellow",
    "turquoise", "lavender", "olive", "gold",
})  # fmt: skip
"""Colours that are left to benchmarks, so that a score for them tells what was understood."""
JPEG_QUALITY = 90
PER_TAR = 2000


def draw_tars(out: Path, num_pictures: int) -> None:
    """Write drawn pictures with caption and attributes as WebDataset tars; those of a reserved
    colour are left out."""
    entries = [e for e in plan(SEED, num_pictures, held_out=False)
               if e.look.colour not in RESERVED]  # fmt: skip
    for start in range(0, len(entries), PER_TAR):
        with tarfile.open(out / f"drawn-{start // PER_TAR:03d}.tar", "w") as tar:
            for entry in entries[start : start + PER_TAR]:
                _add(tar, f"{entry.key}.jpg", _picture(entry))
                _add(tar, f"{entry.key}.json", _facts(entry))


def gather(out: Path, folders: Sequence[Path], num_pictures: int) -> None:
    """Fill a folder with the training tars of every folder and with drawn pictures."""
    out.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        for tar in sorted(folder.glob("train-*.tar")):
            shutil.copyfile(tar, out / f"{folder.name}-{tar.name}")
    draw_tars(out, num_pictures)


def _picture(entry: Entry) -> bytes:
    stream = io.BytesIO()
    picture = draw_picture(entry.look, generator(SEED, "picture", entry.key))
    picture.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return stream.getvalue()


def _facts(entry: Entry) -> bytes:
    text = caption(entry.look, generator(SEED, "caption", entry.key))
    return json.dumps({"caption": text, **asdict(entry.look)}, sort_keys=True).encode()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
