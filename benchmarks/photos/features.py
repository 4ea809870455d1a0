"""Features of all photographs, copies and texts, which no head changes. Knows the starter's towers
and one cache file.

    python -m benchmarks.photos.features FOLDER

P photographs, D edited ones, C kinds of copies, M texts, F image features, T text features
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.photos.pictures import ASKED, COPIES, WORDS, draw_rows, read_photos
from pairmill.adapters.encoder.starter import StarterEncoder
from pairmill.ports.encoder import Encoder
from pairmill.settings import read_settings

Floats = NDArray[np.float32]
AT_ONCE = 32
THREADS = 2
FILE = "photos.npz"


@dataclass(frozen=True, kw_only=True)
class Album:
    """All that a head is judged on. edited_D: rows of photos; copies_CDF follow `copies`."""

    ids: tuple[str, ...]
    categories: tuple[str, ...]
    edited_D: NDArray[np.int64]
    copies: tuple[str, ...]
    texts: tuple[str, ...]
    photos_PF: Floats
    copies_CDF: Floats
    texts_MT: Floats

    def text(self, text: str) -> int:
        """Return a text's row."""
        return self.texts.index(text)


def shipped_encoder() -> StarterEncoder:
    """Return the encoder of the laptop preset."""
    return StarterEncoder(cache=read_settings().cache, threads=THREADS)


def make_album(encoder: Encoder) -> Album:
    """Return the album by an encoder: 3,313 pictures, some two minutes."""
    photos = read_photos()
    edited = draw_rows([photo.image_id for photo in photos])
    copies = [
        _embed(encoder, (_edited(photos[row].picture, name) for row in edited)) for name in COPIES
    ]
    texts = sorted({*WORDS, *WORDS.values(), *(text for asked in ASKED.values() for text in asked)})
    return Album(
        ids=tuple(photo.image_id for photo in photos),
        categories=tuple(photo.category for photo in photos),
        edited_D=np.array(edited), copies=tuple(COPIES), texts=tuple(texts),
        photos_PF=_embed(encoder, (photo.picture for photo in photos)),
        copies_CDF=np.stack(copies), texts_MT=encoder.text_features(texts),
    )  # fmt: skip


def save_album(album: Album, folder: Path) -> None:
    """Write the album as one file of arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Any] = {name: np.asarray(part) for name, part in vars(album).items()}
    np.savez(folder / FILE, allow_pickle=False, **parts)


def load_album(folder: Path) -> Album:
    """Return an album as `save_album` wrote it."""
    with np.load(folder / FILE, allow_pickle=False) as stored:
        parts = dict(stored)
    for name in ("ids", "categories", "copies", "texts"):
        parts[name] = tuple(str(text) for text in parts[name])
    return Album(**parts)


def _edited(picture: Image.Image, name: str) -> Image.Image:
    return Image.fromarray(COPIES[name](np.asarray(picture)))


def _embed(encoder: Encoder, pictures: Iterable[Image.Image]) -> Floats:
    pixels_NHWC: Sequence[NDArray[np.uint8]] = [encoder.prepare(picture) for picture in pictures]
    parts = [
        encoder.image_features(np.stack(pixels_NHWC[start : start + AT_ONCE]))
        for start in range(0, len(pixels_NHWC), AT_ONCE)
    ]
    return np.concatenate(parts)


if __name__ == "__main__":
    save_album(make_album(shipped_encoder()), Path(sys.argv[1]))
