"""When a picture was taken, by its EXIF: every format that carries it, and EXIF that is broken."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pairmill.decode import Limits, decode

EXIF, TAKEN, DIGITISED, CHANGED = 0x8769, 0x9003, 0x9004, 0x0132
JULY, AUGUST = "2019:07:14 09:20:05", "2019:08:01 10:00:00"


def encoded(kind: str = "JPEG", **tags: object) -> bytes:
    """Return a small picture with these EXIF texts."""
    exif = Image.Exif()
    numbers = {"taken": TAKEN, "digitised": DIGITISED}
    for name, number in numbers.items():
        if name in tags:
            exif.get_ifd(EXIF)[number] = tags[name]
    if "changed" in tags:
        exif[CHANGED] = tags["changed"]
    sink = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(sink, kind, exif=exif.tobytes())
    return sink.getvalue()


def taken(data: bytes) -> str:
    return decode(data, Limits()).taken


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_the_date_of_the_exposure_is_read(kind: str) -> None:
    assert taken(encoded(kind, taken=JULY, digitised=AUGUST)) == "2019-07-14T09:20:05"


def test_the_date_of_digitising_stands_in_and_that_of_a_change_does_not() -> None:
    assert taken(encoded(digitised=AUGUST)) == "2019-08-01T10:00:00"
    assert taken(encoded(taken="0000:00:00 00:00:00", digitised=AUGUST)) == "2019-08-01T10:00:00"
    assert taken(encoded(changed=JULY)) == ""


def test_a_picture_without_exif_or_with_broken_exif_has_no_date_and_no_fault() -> None:
    sink = io.BytesIO()
    Image.new("RGB", (40, 40)).save(sink, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert taken(sink.getvalue()) == ""
    assert taken(encoded()) == ""


@given(st.binary(max_size=60))
def test_any_exif_is_read_without_a_fault(rubbish: bytes) -> None:
    sink = io.BytesIO()
    Image.new("RGB", (40, 40)).save(sink, "JPEG", exif=b"Exif\0\0MM\0*" + rubbish)
    assert isinstance(taken(sink.getvalue()), str)
