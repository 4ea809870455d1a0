"""What every object store must do. The adapters it judges stand in conftest.py."""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairmill.adapters.objects.selftest import check_create_only
from pairmill.ports.objects import ObjectStore

RACER = Path(__file__).parent / "racer.py"
LETTERS, LENGTH, NUM_KEYS = (b"a", b"b", b"c"), 2**20, 50
WRONG_KEYS = ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.", "a/..", "a\0b"]

# Folders and files never share a name, since a folder on disk cannot be both.
folders = st.lists(st.sampled_from(["a", "a.b", "a-", "a0", "Ä", "Z"]), max_size=2)
names = st.sampled_from(["x", "x.y", "x-y", "é", "\U0001f600", " ", "~", "0"])
keys = st.builds(lambda parts, name: "/".join([*parts, name]), folders, names)
operations = st.lists(
    st.tuples(st.sampled_from(["put", "create", "delete"]), keys, st.binary(max_size=40)),
    max_size=25,
)


def test_what_was_put_is_got_back(objects: ObjectStore) -> None:
    objects.put("a/b/c.bin", b"\x00\xff" * 10)
    assert objects.get("a/b/c.bin") == b"\x00\xff" * 10
    assert objects.size("a/b/c.bin") == 20
    assert objects.exists("a/b/c.bin")


def test_a_second_put_replaces_the_first(objects: ObjectStore) -> None:
    objects.put("key", b"first, and longer")
    objects.put("key", b"second")
    assert objects.get("key") == b"second"


def test_an_empty_object_is_an_object(objects: ObjectStore) -> None:
    objects.put("empty", b"")
    assert (objects.get("empty"), objects.size("empty")) == (b"", 0)
    assert objects.exists("empty")
    assert objects.get_range("empty", 0, 10) == b""


def test_a_second_create_is_refused_and_changes_nothing(objects: ObjectStore) -> None:
    assert objects.create("commits/a.json", b"first")
    assert not objects.create("commits/a.json", b"second")
    assert objects.get("commits/a.json") == b"first"


def test_create_is_refused_where_something_was_put(objects: ObjectStore) -> None:
    objects.put("a", b"put")
    assert not objects.create("a", b"created")
    assert objects.get("a") == b"put"


def test_a_key_can_be_created_again_once_it_was_deleted(objects: ObjectStore) -> None:
    assert objects.create("a", b"1")
    objects.delete("a")
    assert objects.create("a", b"2")


@pytest.mark.parametrize(
    ("offset", "length", "wanted"),
    [(0, 10, b"0123456789"), (3, 4, b"3456"), (8, 5, b"89"), (10, 1, b""), (99, 1, b""),
     (2, 0, b""), (0, 2**50, b"0123456789")],
)  # fmt: skip
def test_a_range_ends_at_the_end_of_the_object(
    objects: ObjectStore, offset: int, length: int, wanted: bytes
) -> None:
    objects.put("digits", b"0123456789")
    assert objects.get_range("digits", offset, length) == wanted


def test_a_negative_range_is_refused(objects: ObjectStore) -> None:
    objects.put("digits", b"0123456789")
    with pytest.raises(ValueError, match="negative"):
        objects.get_range("digits", -1, 5)
    with pytest.raises(ValueError, match="negative"):
        objects.get_range("digits", 0, -5)


@pytest.mark.parametrize("call", ["get", "size"])
@pytest.mark.parametrize("key", ["missing", "folder", "folder/file/below", "a/b/c"])
def test_a_missing_key_raises_key_error(objects: ObjectStore, call: str, key: str) -> None:
    objects.put("folder/file", b"data")
    with pytest.raises(KeyError, match=key):
        getattr(objects, call)(key)
    with pytest.raises(KeyError, match=key):
        objects.get_range(key, 0, 1)
    assert not objects.exists(key)


def test_deleting_what_is_not_there_is_no_error(objects: ObjectStore) -> None:
    objects.put("a/b", b"data")
    for key in ("missing", "a", "a/b/c", "x/y/z"):
        objects.delete(key)
    objects.delete("a/b")
    objects.delete("a/b")
    assert not objects.exists("a/b")


@pytest.mark.parametrize("key", WRONG_KEYS)
def test_a_key_that_could_lead_elsewhere_is_refused(objects: ObjectStore, key: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: objects.put(key, b""), lambda: objects.create(key, b""), lambda: objects.get(key),
        lambda: objects.get_range(key, 0, 1), lambda: objects.size(key),
        lambda: objects.exists(key), lambda: objects.delete(key),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ValueError, match="key"):
            call()


@pytest.mark.parametrize("prefix", ["/", "/a", "../", "a/../", "a//b", "a/./b"])
def test_a_prefix_that_could_lead_elsewhere_is_refused(objects: ObjectStore, prefix: str) -> None:
    with pytest.raises(ValueError, match="key"):
        objects.list(prefix)


def test_keys_are_listed_in_the_order_of_code_points(objects: ObjectStore) -> None:
    wanted = ["a-/z", "a.b/c", "a.txt", "a/b", "a/b.c/d", "a/b/c", "a/c", "a0", "é", "\U0001f600"]
    wanted = sorted(key for key in wanted if key != "a/b")
    for key in reversed(wanted):
        objects.put(key, b"")
    assert list(objects.list("")) == wanted


def test_a_prefix_may_end_within_a_name(objects: ObjectStore) -> None:
    for key in ("run/commits/embed/s1", "run/commits/embed-2/s1", "run/commit", "runs/x", "ru"):
        objects.put(key, b"")
    assert list(objects.list("run/commits/embed/")) == ["run/commits/embed/s1"]
    assert list(objects.list("run/commits/embed")) == [
        "run/commits/embed-2/s1", "run/commits/embed/s1"]  # fmt: skip
    assert list(objects.list("run/commit")) == [
        "run/commit", "run/commits/embed-2/s1", "run/commits/embed/s1"]  # fmt: skip
    assert list(objects.list("nothing/here/")) == []
    assert list(objects.list("run/commit/")) == []


def test_a_listing_goes_on_while_objects_are_deleted(objects: ObjectStore) -> None:
    for i in range(20):
        objects.put(f"a/{i:02d}", b"")
    for key in objects.list("a/"):
        objects.delete(key)
    assert list(objects.list("")) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations)
def test_any_sequence_of_calls_leaves_what_a_dict_would_hold(
    objects: ObjectStore, calls: list[tuple[str, str, bytes]]
) -> None:
    home, model = f"p{uuid4().hex}/", dict[str, bytes]()
    for call, name, data in calls:
        key = home + name
        if call == "put":
            objects.put(key, data)
            model[key] = data
        elif call == "create":
            assert objects.create(key, data) == (key not in model)
            model.setdefault(key, data)
        else:
            objects.delete(key)
            model.pop(key, None)
    assert list(objects.list(home)) == sorted(model)
    assert {key: objects.get(key) for key in model} == model
    assert all(objects.get_range(key, 1, 3) == data[1:4] for key, data in model.items())


def test_one_of_many_threads_wins_a_create(opener: Callable[[], ObjectStore]) -> None:
    stores = [opener() for _ in range(8)]
    start = threading.Barrier(len(stores))

    def race(objects: ObjectStore, number: int) -> bool:
        start.wait()
        return objects.create("contested", f"{number}".encode() * 1000)

    for _ in range(10):
        with ThreadPoolExecutor(len(stores)) as pool:
            wins = list(pool.map(race, stores, range(len(stores))))
        assert sum(wins) == 1
        assert stores[0].get("contested") == f"{wins.index(True)}".encode() * 1000
        stores[0].delete("contested")


def test_one_of_many_processes_wins_each_create(opener: Callable[[], ObjectStore]) -> None:
    with racers(opener, "create", 4) as running:
        answers = [racer.communicate("go\n")[0].split()[-1] for racer in running]
    assert [sum(map(int, wins)) for wins in zip(*answers, strict=True)] == [1] * NUM_KEYS
    objects = opener()
    for index, wins in enumerate(zip(*answers, strict=True)):
        assert objects.get(f"race/{index:03d}") == str(wins.index("1")).encode()


def test_a_reader_never_sees_a_part_even_of_a_killed_writer(
    opener: Callable[[], ObjectStore],
) -> None:
    objects, whole = opener(), {letter * LENGTH for letter in LETTERS}
    objects.put("race/letters", LETTERS[0] * LENGTH)
    for _ in range(3):
        with racers(opener, "write", 1) as (writer,):
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
            seen = {objects.get("race/letters") for _ in range(60)}
            writer.kill()
            writer.communicate()
        assert seen <= whole
        assert objects.get("race/letters") in whole
        assert list(objects.list("")) == ["race/letters"]


def test_the_self_test_passes_and_leaves_nothing(objects: ObjectStore) -> None:
    assert check_create_only(objects)
    assert list(objects.list("")) == []


@contextmanager
def racers(
    opener: Callable[[], ObjectStore], mode: str, count: int
) -> Iterator[list["subprocess.Popen[str]"]]:
    """Start processes that wait for a line on their standard input."""
    command = [sys.executable, str(RACER), pickle.dumps(opener).hex(), mode]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    running = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         text=True, env=environment)
        for number in range(count)
    ]  # fmt: skip
    try:
        for racer in running:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        yield running
    finally:
        for racer in running:
            racer.kill()
            racer.communicate()
