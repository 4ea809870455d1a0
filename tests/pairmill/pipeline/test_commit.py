"""Commits: written once, equal for equal work, and balanced."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.core.errors import FormatError
from pairmill.pipeline.commit import Commit, CommitLog, Counts, DataFile, parse_commit

text = st.text(max_size=10)
number = st.integers(0, 2**53)
plain = st.recursive(
    st.none() | st.booleans() | number | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
data_files = st.builds(
    DataFile, data_set=text, key=text, shard=text, sha256=text, num_rows=number, num_bytes=number
)
counts = st.builds(
    Counts,
    inputs=number,
    outputs=number,
    rejects=st.dictionaries(text, number, max_size=3),
    parts=st.dictionaries(text, number, max_size=3),
)
commits = st.builds(
    Commit,
    node=text,
    shard=text,
    inputs=text,
    files=st.lists(data_files, max_size=3).map(tuple),
    counts=counts,
    facts=st.dictionaries(text, plain, max_size=3),
    versions=st.dictionaries(text, text, max_size=2),
)


def commit(shard: str, outputs: int = 1) -> Commit:
    """Return a small commit."""
    counts = Counts(inputs=outputs, outputs=outputs)
    return Commit(node="embed", shard=shard, inputs="0", files=(), counts=counts)


@given(commits)
def test_a_commit_survives_being_written_and_read(made: Commit) -> None:
    read = parse_commit("key", made.to_json())
    assert read == made
    assert read.digest == made.digest


@given(st.dictionaries(text, number, min_size=2), st.randoms())
def test_equal_commits_have_equal_bytes_in_whatever_order_they_were_filled(
    rejects: dict[str, int],
    random: "st.randoms.Random",  # type: ignore[name-defined]
) -> None:
    items = list(rejects.items())
    random.shuffle(items)
    one, other = (
        Commit(node="n", shard="s", inputs="i", files=(),
               counts=Counts(inputs=0, outputs=0, rejects=some), facts={"by rule": some})
        for some in (rejects, dict(items))
    )  # fmt: skip
    assert one.to_json() == other.to_json()
    assert one.digest == other.digest


def test_facts_that_are_not_numbers_are_refused() -> None:
    broken = Commit(node="n", shard="s", inputs="i", files=(), facts={"norm": float("nan")},
                    counts=Counts(inputs=0, outputs=0))  # fmt: skip
    with pytest.raises(ValueError, match="JSON"):
        broken.to_json()


def test_counts_balance_when_inputs_are_outputs_and_rejects_of_the_same_unit() -> None:
    assert Counts(inputs=10, outputs=7, rejects={"a": 2, "b": 1}, parts={"caption": 99}).balanced
    assert not Counts(inputs=10, outputs=7, rejects={"a": 2}).balanced
    assert not Counts(inputs=10, outputs=11).balanced


def test_the_second_commit_of_a_shard_loses_the_race_and_changes_nothing(tmp_path: Path) -> None:
    logs = [CommitLog(FolderObjects(tmp_path), "runs/r/commits/embed") for _ in range(2)]
    assert logs[0].write(commit("s1", outputs=1))
    assert not logs[1].write(commit("s1", outputs=2))
    assert not logs[0].write(commit("s1", outputs=3))
    assert [log.read("s1").counts.outputs for log in logs] == [1, 1]


def test_a_log_lists_its_own_shards_in_order(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    log, other = CommitLog(objects, "commits/embed"), CommitLog(objects, "commits/embed-2")
    for shard in ("b", "a", "c.d"):
        log.write(commit(shard))
    other.write(commit("z"))
    assert log.shards() == ["a", "b", "c.d"]
    assert [found.shard for found in log.read_all()] == ["a", "b", "c.d"]
    assert [log.exists(shard) for shard in ("a", "z")] == [True, False]
    with pytest.raises(KeyError):
        log.read("z")
    assert CommitLog(objects, "commits/none").shards() == []


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_a_commit_of_another_format_version_is_refused(version: object) -> None:
    values = json.loads(commit("s").to_json()) | {"format": version}
    with pytest.raises(FormatError, match="another version"):
        parse_commit("key", json.dumps(values).encode())
