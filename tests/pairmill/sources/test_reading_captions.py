import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pairmill.core.errors import CorpusError, RejectError
from pairmill.sources.captions import Words, join, sidecar_words, words_of
from pairmill.sources.tables import read_captions


def test_a_text_file_is_one_caption_with_single_spaces() -> None:
    assert sidecar_words("a.txt", "\ufeff a dog\n on  grass\0\n".encode()).captions == (
        "a dog on grass",)  # fmt: skip
    assert sidecar_words("a.txt", b" \n") == Words()


def test_a_json_file_gives_captions_and_plain_fields_as_attributes() -> None:
    fields = {
        "caption": ["one", "two", "one", ""], "style": "3d", "keywords": ["a", " b", "a"],
        "count": 3, "wet": True, "nothing": None, "nested": {"x": 1}, "mixed": [1, {"y": 2}],
        "empty": "", "url": "http://x/1.jpg", "attributes": {"colour": "red"},
    }  # fmt: skip
    words = sidecar_words("A.JSON", json.dumps(fields).encode())
    assert words.captions == ("one", "two")
    assert words.attributes == {
        "style": ("3d",), "keywords": ("a", "b"), "count": ("3",), "wet": ("true",),
        "mixed": ("1",), "colour": ("red",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("a.txt", b"caf\xe9", "caption_not_utf8"),
        ("a.json", b'{"caption": "caf\xe9"}', "caption_not_utf8"),
        ("a.json", b'{"caption": "\\ud800"}', "caption_not_utf8"),
        ("a.json", b"[1]", "caption_not_json"),
        ("a.json", b"{", "caption_not_json"),
        ("a.json", b"[" * 100_000, "caption_not_json"),
    ],
)
def test_an_unreadable_caption_file_has_a_rule(name: str, data: bytes, rule: str) -> None:
    with pytest.raises(RejectError) as caught:
        sidecar_words(name, data)
    assert caught.value.rule == rule


def test_joined_words_keep_order_and_each_thing_once() -> None:
    one = words_of({"caption": "a", "c": ["x", "y"]})
    two = words_of({"text": ["b", "a"], "c": "z", "d": "w"})
    joined = join([one, two])
    assert joined.captions == ("a", "b")
    assert joined.attributes == {"c": ("x", "y", "z"), "d": ("w",)}


def test_csv_jsonl_and_parquet_tell_the_same(tmp_path: Path) -> None:
    rows = [
        {"File_Name": "./d/a.jpg", "caption": "one, two", "colour": "red",
         "attributes": '{"size": ["small", "tiny"]}'},
        {"File_Name": "d/a.jpg", "caption": "three", "colour": "", "attributes": ""},
        {"File_Name": "b.jpg", "caption": "x" * 200_000, "colour": "blue", "attributes": ""},
    ]  # fmt: skip
    lines = ["\ufeffFile_Name,caption,colour,attributes"]
    lines += [",".join('"' + v.replace('"', '""') + '"' for v in row.values()) for row in rows]
    (tmp_path / "t.csv").write_text("\r\n".join(lines), "utf-8")
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n", "utf-8")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    tables = [read_captions(tmp_path / f"t.{end}").rows for end in ("csv", "jsonl", "parquet")]
    assert tables[0] == tables[1] == tables[2]
    assert tables[0]["d/a.jpg"] == Words(captions=("one, two", "three"), attributes={
        "colour": ("red",), "size": ("small", "tiny")})  # fmt: skip


def test_tabs_part_the_cells_of_tsv(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("key\ttext\na\tone, two\n", "utf-8")
    assert read_captions(tmp_path / "t.tsv").rows == {"a": Words(captions=("one, two",))}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv", b"name,caption\na,b\n", r"line 2: got columns 'name', 'caption', wanted one of"),
        ("t.csv", b"file,size\na,b\n", r"wanted `caption`, `text` or `attributes`"),
        ("t.csv", b"file,caption\na,b,c\n", r"line 2: got more cells than the 2 columns"),
        ("t.csv", b"file,caption\n,b\n", r"line 2: got '' as file, wanted a file name"),
        ("t.csv", b"file,caption\n", r"got no rows"),
        ("t.csv", b"", r"got no rows"),
        ("t.csv", b"file,caption\na,caf\xe9\n", r"not UTF-8.*iconv"),
        ("t.csv", b'file,caption\na,"open\n', r"wanted a readable table"),
        ("t.csv", b"file,attributes\na,red\n", r"line 2: got attributes 'red', wanted a JSON"),
        ("t.jsonl", b'{"file": "a", "caption": "b"}\nnope\n', r"line 2: got 'nope', wanted a JSON"),
        ("t.jsonl", b'{"file": "a", "caption": "\\ud800"}\n', r"line 1: caption_not_utf8"),
        ("t.parquet", b"no parquet", r"wanted a readable table"),
        ("t.xlsx", b"PK", r"got '.xlsx', wanted one of .csv"),
    ],
)
def test_a_table_that_cannot_be_used_says_where_and_why(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CorpusError, match=message):
        read_captions(tmp_path / name)


def test_a_missing_table_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="No such file"):
        read_captions(tmp_path / "t.csv")
