"""Reading benchmark JSONL: what is taken, and how clearly the rest is refused."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.benchmark import parse_benchmark
from pairmill.core.errors import CorpusError
from pairmill.core.records import BenchmarkQuery

GOOD: dict[str, Any] = {
    "query_id": "q1", "query_image": "a", "instruction": "in red", "targets": ["b"],
}  # fmt: skip


def lines(*objects: object) -> bytes:
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in objects).encode()


def test_every_field_is_read() -> None:
    full = GOOD | {"task": "colour", "exclude": ["c", "c"], "gallery": ["b", "d"]}
    (query,) = parse_benchmark(lines(full))
    assert query == BenchmarkQuery(
        query_id="q1", query_image="a", instruction="in red", targets=("b",), task="colour",
        exclude=("c",), gallery=("b", "d"),
    )  # fmt: skip


def test_image_or_instruction_may_be_missing_or_null() -> None:
    image_only = {"query_id": "1", "query_image": "a", "targets": ["b"]}
    text_only = {"query_id": "2", "query_image": None, "instruction": "x", "targets": ["b"]}
    first, second = parse_benchmark(lines(image_only, text_only))
    assert (first.query_image, first.instruction, first.task) == ("a", "", "all")
    assert (second.query_image, second.instruction) == ("", "x")


def test_blank_lines_windows_ends_and_a_byte_order_mark_are_passed_over() -> None:
    data = b"\xef\xbb\xbf" + lines(GOOD) + b"\r\n\r\n" + lines(GOOD | {"query_id": "q2"}) + b"\n"
    assert [query.query_id for query in parse_benchmark(data)] == ["q1", "q2"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{'query_id': 1}", "wanted a JSON object, got {'query_id': 1}"),
        (b"[1]", r"wanted a JSON object, got \[1\]"),
        (b'{"query_id": "q2"}', "wanted the field 'targets', got only query_id"),
        (b"{}", "wanted the field 'query_id', got only an empty object"),
        (lines(GOOD | {"query_id": 7}), "wanted a text as 'query_id', got 7"),
        (lines(GOOD | {"targets": "b"}), "wanted a list of image keys as 'targets', got \"b\""),
        (lines(GOOD | {"targets": [""]}), "wanted a list of image keys as 'targets'"),
        (lines(GOOD | {"targets": []}), "got an empty 'targets'"),
        (lines(GOOD | {"query_id": ""}), "got an empty 'query_id'"),
        (lines(GOOD | {"exlude": ["c"]}), "got the field 'exlude', wanted only query_id"),
        (lines(GOOD | {"query_image": "", "instruction": " "}), "neither a query_image nor an"),
        (lines(GOOD), "query_id 'q1' stands already in line 1"),
        (b'{"query_id": "caf\xe9"}', "wanted UTF-8, got the byte 0xe9"),
        (b'{"query_id": "\\ud800", "targets": ["b"]}', "wanted a JSON object"),
        (b'{"query_id": ' + b"9" * 5000 + b"}", "wanted a JSON object"),
        (b"[" * 100_000, "wanted a JSON object"),
    ],
)
def test_a_bad_line_is_named_with_what_was_got_and_wanted(line: bytes, says: str) -> None:
    with pytest.raises(CorpusError, match=says) as raised:
        parse_benchmark(lines(GOOD) + b"\n\n" + line, "my.jsonl")
    assert str(raised.value).startswith("my.jsonl, line 3: ")
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("empty", [b"", b"\n \n"])
def test_a_benchmark_without_queries_is_refused(empty: bytes) -> None:
    with pytest.raises(CorpusError, match="got no query"):
        parse_benchmark(empty)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(CorpusError):
        assert parse_benchmark(data)


def test_the_emoji_benchmark_is_read_whole(corpora: Path) -> None:
    queries = parse_benchmark((corpora / "fluent-emoji" / "benchmark.jsonl").read_bytes())
    assert len(queries) == 11_645
    assert {query.task for query in queries} == {"style", "skin_tone", "gender"}
