"""Images pass the towers in batches, in order; what cannot be seen is told with its reason."""

import io
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import EncoderConfig
from pairmill.core.errors import FormatError
from pairmill.core.records import ImageRecord
from pairmill.pipeline.images import Images
from pairmill.pipeline.seeing import load_pixels, see
from pairmill.ports.encoder import Towers


class Grey:
    """Towers whose one feature is the mean of what `prepare` left; notes the batches."""

    image_dim, longest_side = 1, 8

    def __init__(self) -> None:
        self.batches: list[int] = []

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(image.resize((8, 8)))

    def image_features(self, pixels_BHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(len(pixels_BHWC))
        means: NDArray[np.float32] = pixels_BHWC.mean((1, 2, 3), dtype=np.float32)[:, None]
        return means


def images(root: Path, *broken: int) -> tuple[Images, list[ImageRecord]]:
    """Seven grey pictures of 0, 10, …, of which some are no pictures."""
    objects, records = FolderObjects(root), []
    for number in range(7):
        file = io.BytesIO()
        Image.new("RGB", (20, 10), (10 * number,) * 3).save(file, "PNG")
        data = b"no picture" if number in broken else file.getvalue()
        objects.put(f"{number}", data)
        records.append(ImageRecord(image_id=f"i{number}", keys=(), store=f"{number}",
                                   length=len(data)))  # fmt: skip
    return Images(objects, objects), records


def test_features_stand_beside_their_records_and_the_lost_are_told(tmp_path: Path) -> None:
    kept, records = images(tmp_path, 1, 6)
    towers = Grey()
    asked = cast("Towers", towers)
    load = partial(load_pixels, kept, asked)
    found = list(see(asked, records, load, EncoderConfig(batch=3, threads=2)))
    assert [len(seen) for seen in found] == [3, 3, 1]
    assert towers.batches == [2, 3]
    for seen in found:
        wanted = [10 * int(record.image_id[1:]) for record in seen.records]
        assert seen.features_BF.tolist() == [[grey] for grey in wanted]
    lost = [(record.image_id, why.rule) for seen in found for record, why in seen.lost]
    assert lost == [("i1", "undecodable"), ("i6", "undecodable")]


def test_bytes_of_the_run_s_own_that_are_gone_stop_it(tmp_path: Path) -> None:
    kept, records = images(tmp_path)
    (tmp_path / "3").unlink()
    towers = cast("Towers", Grey())
    with pytest.raises(FormatError, match="restore the file"):
        list(see(towers, records, partial(load_pixels, kept, towers), EncoderConfig(batch=2)))
