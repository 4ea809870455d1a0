"""Records as Parquet, vectors as Arrow: what goes in comes out, other versions are refused."""

import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pairmill.core import records as r
from pairmill.core import schemas
from pairmill.core.captions import MachineCaption
from pairmill.core.cells import Cell
from pairmill.core.errors import FormatError
from pairmill.core.synthesis import PairText, RawAnswer
from pairmill.core.tables import from_arrow, from_parquet, to_arrow, to_parquet

texts = st.text(max_size=8)
strings = st.lists(texts, max_size=3).map(tuple)
ints32, ints64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False)
shares = st.lists(st.floats(0, 1), max_size=3).map(tuple)
captions = st.lists(st.builds(r.Caption, kind=texts, text=texts), max_size=2).map(tuple)
attributes = st.dictionaries(texts, strings, max_size=3)
relations = st.lists(
    st.builds(r.Relation, space=texts, rank=ints32, score=st.floats(-1, 1, width=32)), max_size=3
).map(tuple)
pairs = st.builds(
    r.Pair, pair_id=texts, query_id=texts, target_id=texts, relations=relations, negatives=strings
)
KINDS: dict[type, st.SearchStrategy[Any]] = {
    r.ImageRecord: st.builds(
        r.ImageRecord, image_id=texts, keys=strings, captions=captions, attributes=attributes,
        source=texts, format=texts, width=ints32, height=ints32, store=texts, offset=ints64,
        length=ints64, in_source=st.booleans(),
    ),
    MachineCaption: st.builds(
        MachineCaption, image_id=texts, text=texts, seen=texts, parts=captions, kind=texts
    ),
    r.Entry: st.builds(
        r.Entry, shard=texts, key=texts, object=texts, offset=ints64, length=ints64, sidecar=texts,
        sidecar_object=texts, sidecar_offset=ints64, sidecar_length=ints64, captions=captions,
        attributes=attributes, fault=texts, value=texts, unit=texts,
    ),
    r.Band: st.builds(r.Band, space=texts, low=floats, high=floats, num_sampled=ints64),
    Cell: st.builds(Cell, image_id=texts, cell=ints32),
    r.Split: st.builds(r.Split, pair_id=texts, part=texts),
    r.Pair: pairs,
    r.Description: st.builds(
        r.Description, pair=pairs, shared=strings, only_query=strings, only_target=strings,
        text=texts, author=texts,
    ),
    r.Triplet: st.builds(
        r.Triplet, pair_id=texts, query_id=texts, target_id=texts, relations=strings,
        instructions=strings, negatives=strings, author=texts, weights=shares, scores=shares,
    ),
    RawAnswer: st.builds(
        RawAnswer, ask_digest=texts, stage=texts, record_id=texts, model=texts,
        prompt_version=texts, seed=ints64, text=texts, parsed_ok=st.booleans(), fault=texts,
        prompt_tokens=ints64, completion_tokens=ints64, requests=st.just(1), seconds=st.just(0.0),
    ),
    PairText: st.builds(
        PairText, pair_id=texts, task=texts, kind=texts, language=texts, text=texts, answer=texts
    ),
    r.Reject: st.builds(
        r.Reject, record_id=texts, stage=texts, rule=texts, value=texts, unit=texts, keys=strings
    ),
}  # fmt: skip
halves = hnp.arrays(
    np.float16,
    st.tuples(st.integers(0, 6), st.integers(1, 5)),
    elements=st.floats(-1000, 1000, width=16),
)


def test_every_record_that_is_stored_is_tested_here_and_has_a_version() -> None:
    assert set(KINDS) == set(schemas.SCHEMAS)
    assert {kind.__name__ for kind in KINDS} | {"Vectors"} == set(schemas.VERSIONS)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(st.data())
def test_records_come_back_from_parquet_as_they_were(kind: type, data: st.DataObject) -> None:
    records = data.draw(st.lists(KINDS[kind], max_size=4))
    assert from_parquet(kind, to_parquet(kind, records)) == records


@settings(max_examples=25)
@given(KINDS[r.ImageRecord], st.randoms(use_true_random=False))
def test_equal_records_give_equal_bytes_in_whatever_order_attributes_were_noted(
    record: r.ImageRecord, random: Any
) -> None:
    items = list(record.attributes.items())
    random.shuffle(items)
    values = {name: getattr(record, name) for name in record.__dataclass_fields__}
    other = r.ImageRecord(**values | {"attributes": dict(items)})
    assert other == record
    assert to_parquet(r.ImageRecord, [other]) == to_parquet(r.ImageRecord, [record])


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_no_records_is_a_file(kind: type) -> None:
    assert from_parquet(kind, to_parquet(kind, [])) == []
    assert to_parquet(kind, []) == to_parquet(kind, iter([]))


@pytest.mark.parametrize("kind", KINDS)
def test_records_of_an_older_or_newer_version_are_refused(
    kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in (0, 2):
        with monkeypatch.context() as patch:
            patch.setitem(schemas.VERSIONS, kind.__name__, version)
            data = to_parquet(kind, [])
        with pytest.raises(FormatError, match=f"{kind.__name__} version {version}, wanted"):
            from_parquet(kind, data)


def test_of_rows_that_are_not_asked_for_no_records_are_made() -> None:
    rows = [r.Split(pair_id=f"{i}", part="ab"[i % 2]) for i in range(70_000)]  # two batches
    assert from_parquet(r.Split, to_parquet(r.Split, rows), where=("part", "b")) == rows[1::2]
    assert from_parquet(r.Split, to_parquet(r.Split, rows), where=("part", "c")) == []


READING = """
import os
from pairmill.core.records import Split
from pairmill.core.tables import from_arrow, from_parquet, parquet_rows, to_arrow, to_parquet

table = to_parquet(Split, [Split(pair_id=f"{i}", part="train") for i in range(1000)])
vectors = to_arrow([f"{i}" for i in range(1000)], [[1.0, 2.0]] * 1000)
before = len(os.listdir("/proc/self/task"))
from_parquet(Split, table)
from_parquet(Split, table, where=("part", "train"))
list(parquet_rows(table))
from_arrow(vectors)
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_reading_starts_no_thread_that_could_outlive_the_interpreter() -> None:
    """Such a thread ended one in sixty short programs with SIGABRT."""
    done = subprocess.run(
        [sys.executable, "-c", READING], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert done.stdout == "0\n", done.stderr


def test_records_of_another_kind_are_refused() -> None:
    with pytest.raises(FormatError, match="got a file of Band version 1, wanted Split"):
        from_parquet(r.Split, to_parquet(r.Band, []))


def test_parquet_that_somebody_else_wrote_is_refused() -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"pair_id": ["a"], "part": ["train"]}), sink)
    with pytest.raises(FormatError, match="got a file of nothing"):
        from_parquet(r.Split, sink.getvalue().to_pybytes())


@pytest.mark.parametrize("cut", [0, 1, 10, 100, -1, -10])
def test_a_file_that_was_cut_short_is_refused(cut: int) -> None:
    rows = [r.Split(pair_id=f"{i}", part="train") for i in range(50)]
    with pytest.raises(FormatError, match="wanted Parquet of Split"):
        from_parquet(r.Split, to_parquet(r.Split, rows)[:cut])
    vectors = to_arrow([f"{i}" for i in range(50)], np.ones((50, 8)))
    with pytest.raises(FormatError, match="Arrow file of vectors"):
        from_arrow(vectors[:cut])


@given(halves)
def test_vectors_come_back_from_arrow_as_they_were(halves_ND: np.ndarray) -> None:
    names = [f"{i:032x}" for i in range(len(halves_ND))]
    data = to_arrow(names, halves_ND)
    ids, found_ND = from_arrow(data)
    assert ids == names
    assert found_ND.dtype == np.float32
    np.testing.assert_array_equal(found_ND, halves_ND.astype(np.float32))
    assert to_arrow(ids, found_ND) == data


def test_vectors_are_stored_as_float16_rounded_to_nearest() -> None:
    vectors_ND = np.random.default_rng(0).standard_normal((20, 7))
    _, found_ND = from_arrow(to_arrow([f"{i}" for i in range(20)], vectors_ND))
    np.testing.assert_array_equal(found_ND, vectors_ND.astype(np.float16).astype(np.float32))


def test_vectors_of_another_order_in_memory_give_the_same_bytes() -> None:
    vectors_ND = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    names = [f"{i}" for i in range(6)]
    assert to_arrow(names, np.asfortranarray(vectors_ND)) == to_arrow(names, vectors_ND)
    assert to_arrow(names, np.repeat(vectors_ND, 2, axis=0)[::2]) == to_arrow(names, vectors_ND)


@pytest.mark.parametrize("fault", [np.nan, np.inf, 1e6])
def test_vectors_that_are_not_finite_as_float16_are_refused(fault: float) -> None:
    with pytest.raises(ValueError, match="finite"), np.errstate(over="ignore"):
        to_arrow(["a"], np.array([[fault, 0.0]]))


def test_vectors_need_one_id_each() -> None:
    with pytest.raises(ValueError, match="1 ids for 2 vectors"):
        to_arrow(["a"], np.ones((2, 3)))


def test_vectors_of_another_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(schemas.VERSIONS, "Vectors", 0)
        data = to_arrow(["a"], np.ones((1, 2)))
    with pytest.raises(FormatError, match="Vectors version 0, wanted Vectors version 1"):
        from_arrow(data)
