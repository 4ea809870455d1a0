"""Images are shown to a model within a limit of pixels, as JPEG, under a name that tells."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pairmill.adapters.chat.showing import reduced, show
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id
from pairmill.core.records import ImageRecord


def png(width: int, height: int, colour: str = "red") -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(sink, "PNG")
    return sink.getvalue()


def record(data: bytes) -> ImageRecord:
    return ImageRecord(image_id=image_id(data), keys=("x.png",))


def test_a_picture_is_a_jpeg_of_the_stored_image_within_the_limit() -> None:
    data = png(400, 200, "#336699")
    picture = show(record(data), lambda image: data, 20_000).load()
    assert picture.media_type == "image/jpeg"
    shown = Image.open(io.BytesIO(picture.data))
    assert (shown.format, shown.size) == ("JPEG", (200, 100))
    assert np.allclose(np.asarray(shown.convert("RGB"))[50, 100], (0x33, 0x66, 0x99), atol=3)


def test_a_small_image_is_not_enlarged() -> None:
    data = png(40, 30)
    shown = Image.open(io.BytesIO(show(record(data), lambda image: data, 10**6).load().data))
    assert shown.size == (40, 30)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 600), st.integers(1, 600), st.integers(64, 50_000))
def test_no_picture_has_more_pixels_than_the_limit(width: int, height: int, limit: int) -> None:
    shown = reduced(Image.new("RGB", (width, height)), limit)
    assert shown.width * shown.height <= max(limit, max(width, height))
    if width * height <= limit:
        assert shown.size == (width, height)
    elif min(shown.size) > 8:
        assert shown.width * shown.height >= 0.7 * limit
        assert shown.width / shown.height == pytest.approx(width / height, rel=0.15)


def test_a_picture_s_name_tells_image_and_limit_and_reads_nothing() -> None:
    def unread(image: ImageRecord) -> bytes:
        raise AssertionError("read")

    one, other = record(b"a"), record(b"b")
    names = {show(image, unread, limit).digest for image in (one, other) for limit in (64, 99)}
    assert len(names) == 4
    assert show(one, unread, 64).digest.startswith(one.image_id)


def test_bytes_that_do_not_decode_or_cannot_be_had_are_rejects() -> None:
    with pytest.raises(RejectError) as caught:
        show(record(b"x"), lambda image: b"no image", 4096).load()
    assert caught.value.rule == "undecodable"

    def gone(image: ImageRecord) -> bytes:
        raise RejectError("source_missing", image.keys[0])

    with pytest.raises(RejectError) as caught:
        show(record(b"x"), gone, 4096).load()
    assert (caught.value.rule, caught.value.value) == ("source_missing", "x.png")
