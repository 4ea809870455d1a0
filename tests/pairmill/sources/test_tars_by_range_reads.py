import gzip
import io
import tarfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairmill.core.errors import CorpusError
from pairmill.sources.tars import RangeFile, read_members
from services.ingestor.fetching import fetch

FILES = st.lists(
    st.tuples(st.text("abcdefghij", min_size=1, max_size=150), st.binary(max_size=2000)),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=60)
@given(files=FILES, form=st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT,
                                          tarfile.PAX_FORMAT]))  # fmt: skip
def test_what_a_tar_holds_is_read_back_by_range_reads(
    new_world: Any, files: list[tuple[str, bytes]], form: int
) -> None:
    files = [(name[:90] if form == tarfile.USTAR_FORMAT else name, data) for name, data in files]
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=form) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1.5 if form == tarfile.PAX_FORMAT else 1
            tar.addfile(info, io.BytesIO(data))
    source = new_world().source
    source.put("x.tar", sink.getvalue())
    members = read_members(source, "x.tar")
    assert [(m.name, fetch(source, m.object, m.offset, m.length)) for m in members] == files


def test_a_range_file_reads_and_seeks_like_a_file(world: Any) -> None:
    data = bytes(range(200))
    world.source.put("x", data)
    file, plain = RangeFile(world.source, "x"), io.BytesIO(data)
    for whence, offset, count in ((0, 10, 20), (1, -5, 7), (2, -30, 100), (0, 500, 3), (1, 0, 1)):
        assert file.seek(offset, whence) == plain.seek(offset, whence) == file.tell()
        assert file.read(count) == plain.read(count)


def test_a_listing_reads_headers_and_not_the_images(world: Any) -> None:
    world.source.put("x.tar", world.tar([(f"{i}.jpg", bytes(2**20)) for i in range(20)]))
    read = []

    class Counting(type(world.source)):  # type: ignore[misc]
        def get_range(self, key: str, offset: int, length: int) -> bytes:
            read.append(length)
            return super().get_range(key, offset, length)  # type: ignore[no-any-return]

    assert len(read_members(Counting(world.source), "x.tar")) == 20
    assert sum(read) < 0.2 * world.source.size("x.tar")


@pytest.mark.parametrize("cut", [700, 1300, 512 * 3 + 100])
def test_a_tar_that_is_cut_short_is_no_corpus(world: Any, cut: int) -> None:
    world.source.put("x.tar", world.tar([("a.jpg", b"a" * 600), ("b.jpg", b"b" * 600)])[:cut])
    with pytest.raises(CorpusError, match=r"x\.tar.*copy it anew"):
        read_members(world.source, "x.tar")


def test_rubble_between_members_does_not_end_a_tar_in_silence(world: Any) -> None:
    data = bytearray(world.tar([("a.jpg", b"a"), ("b.jpg", b"b"), ("c.jpg", b"c")]))
    data[1024:1200] = b"#" * 176
    world.source.put("x.tar", bytes(data))
    with pytest.raises(CorpusError, match="broken header at byte 1024"):
        read_members(world.source, "x.tar")


def test_a_header_of_negative_size_ends_in_an_error_and_in_no_loop(world: Any) -> None:
    info = tarfile.TarInfo("a.jpg")
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = (2**96 - 2048).to_bytes(12, "big")  # base 256, two's complement
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    world.source.put("x.tar", world.tar([("z.jpg", b"z")])[:1024] + bytes(block) + bytes(1024))
    with pytest.raises(CorpusError):
        read_members(world.source, "x.tar")


@pytest.mark.parametrize("data", [b"", b"no tar at all", gzip.compress(bytes(2000))])
def test_what_is_no_plain_tar_says_so(world: Any, data: bytes) -> None:
    world.source.put("x.tar", data)
    with pytest.raises(CorpusError, match="gunzip" if data[:1] == b"\x1f" else "copy it anew"):
        read_members(world.source, "x.tar")
