"""What every ledger must know of doorbells, open sets, workers and leaders. The adapters it judges
stand in conftest.py: three attempts, leases of a minute, a back-off of 8 s, the test's clock."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pairmill.ports.ledger import Ledger, Standing
from pairmill.ports.queue import Task

AGAIN = 30.0


class Clock(Protocol):
    """The clock of conftest.py."""

    now: float


def embed(shard: str, run: str = "r", node: str = "embed") -> Task:
    return Task(run=run, node=node, shard=shard)


def due(ledger: Ledger, limit: int = 100, node: str = "embed") -> str:
    """Return the shards that are due in run `r`, as one text."""
    return "".join(task.shard for task in ledger.due("r", node, limit, AGAIN))


@pytest.fixture
def opened(ledger: Ledger) -> Ledger:
    """A ledger with three open tasks, opened in no order."""
    for shard in "bca":
        ledger.open(embed(shard))
    return ledger


def test_open_tasks_are_due_once_in_order_of_shards(opened: Ledger) -> None:
    assert opened.due("r", "embed", 2, AGAIN) == [embed("a"), embed("b")]
    assert due(opened) == "c"
    assert due(opened) == ""
    assert opened.rung("r", "embed") == 3


@pytest.mark.parametrize("limit", [0, -1])
def test_nothing_is_due_where_nothing_is_asked_for_or_opened(opened: Ledger, limit: int) -> None:
    assert due(opened, limit) == ""
    assert opened.rung("r", "embed") == 0
    assert opened.due("r", "mine", 10, AGAIN) == []
    assert opened.due("s", "embed", 10, AGAIN) == []


def test_a_task_rung_for_and_never_claimed_is_due_again(opened: Ledger, clock: Clock) -> None:
    assert due(opened) == "abc"
    clock.now += AGAIN - 0.1
    assert due(opened) == ""
    clock.now += 0.1
    assert due(opened) == "abc"
    assert opened.rung("r", "embed") == 3


def test_a_claim_answers_the_ring_and_a_held_task_is_not_due(opened: Ledger, clock: Clock) -> None:
    due(opened)
    opened.claim(embed("a"), "w")
    assert opened.rung("r", "embed") == 2
    clock.now += 59
    assert due(opened) == "bc"
    opened.renew(embed("a"), "w")
    clock.now += 59
    assert due(opened) == "bc"


def test_a_lease_that_ran_out_makes_the_task_due_at_once(opened: Ledger, clock: Clock) -> None:
    due(opened)
    opened.claim(embed("a"), "w")
    clock.now += 60
    assert due(opened) == "abc"
    assert opened.renew(embed("a"), "w"), "nobody took it over"
    assert opened.rung("r", "embed") == 2
    assert opened.complete(embed("a"), "w")
    clock.now += 60
    assert due(opened) == "bc"


def test_a_released_task_is_due_at_once(opened: Ledger) -> None:
    due(opened)
    opened.claim(embed("a"), "w")
    opened.release(embed("a"), "w")
    assert due(opened) == "a"


def test_a_failed_task_rests_twice_as_long_after_every_failure(
    opened: Ledger, clock: Clock
) -> None:
    due(opened, 1)
    for seconds in (8.0, 16.0, 32.0):
        opened.claim(embed("a"), "w")
        opened.fail(embed("a"), "w", "no")
        clock.now += seconds - 0.1
        assert "a" not in due(opened)
        clock.now += 0.1
        assert "a" in due(opened)
    assert opened.claim(embed("a"), "w").standing is Standing.DEAD
    clock.now += 1000
    assert due(opened) == "bc"


def test_tasks_that_ended_are_not_due_and_not_rung(opened: Ledger, clock: Clock) -> None:
    due(opened)
    opened.claim(embed("a"), "w")
    opened.complete(embed("a"), "w")
    clock.now += 1000
    assert due(opened) == "bc"
    assert opened.rung("r", "embed") == 2


def test_the_backlog_counts_open_tasks_of_a_stage_over_runs_and_nodes(opened: Ledger) -> None:
    opened.open(embed("a", run="s"))
    opened.open(embed("a", node="embed@gallery"))
    opened.open(embed("a", node="mine"))
    opened.open(embed("a"))
    assert (opened.backlog("embed"), opened.backlog("mine"), opened.backlog("bands")) == (5, 1, 0)


def test_the_backlog_is_exact_whatever_becomes_of_a_task(ledger: Ledger, clock: Clock) -> None:
    backlog = []

    def note(*_: object) -> None:
        backlog.append(ledger.backlog("embed"))

    task = embed("a")
    note(ledger.claim(task, "w"))
    note(ledger.fail(task, "w", "no"), ledger.claim(task, "w"))
    note(ledger.release(task, "w"), due(ledger), ledger.claim(task, "w"))
    clock.now += 60
    note(due(ledger), ledger.claim(task, "x"))
    clock.now += 60
    note(due(ledger))
    note(ledger.claim(task, "w"))
    ledger.open(task)
    note()
    other = embed("b")
    note(ledger.claim(other, "w"))
    note(ledger.complete(other, "w"))
    ledger.open(other)
    note(ledger.complete(other, "w"), ledger.claim(other, "x"))
    assert backlog == [1, 1, 1, 1, 1, 0, 0, 1, 0, 0]


def test_a_forgotten_run_is_as_if_it_had_never_been(opened: Ledger, clock: Clock) -> None:
    kept = embed("a", run="s")
    for task in (kept, embed("d"), embed("e"), embed("a", node="mine")):
        opened.claim(task, f"{task.run}/1")
    opened.complete(embed("e"), "r/1")
    for _ in range(3):
        opened.claim(embed("f"), "w")
        opened.fail(embed("f"), "w", "no")
    opened.claim(embed("f"), "w")
    due(opened)
    opened.forget("r")
    assert opened.open_tasks("r", "embed") == opened.open_tasks("r", "mine") == []
    assert opened.dead_tasks("r", "embed") == {}
    assert (opened.rung("r", "embed"), opened.backlog("embed"), opened.backlog("mine")) == (0, 1, 0)
    assert opened.holders() == {"s"}
    assert not opened.complete(embed("d"), "r/1")
    assert opened.open_tasks("r", "embed") == []
    opened.open(embed("e"))
    assert opened.claim(embed("f"), "w").attempt == 1
    assert due(opened) == "e"
    opened.forget("unheard of")


def test_holders_are_the_workers_that_hold_a_lease_now(opened: Ledger, clock: Clock) -> None:
    assert opened.holders() == frozenset()
    for shard, owner in (("a", "pod-1/x"), ("b", "pod-1/y/z"), ("c", "pod-2"), ("d", "pod-3/x")):
        opened.claim(embed(shard), owner)
    assert opened.holders() == {"pod-1", "pod-2", "pod-3"}
    opened.complete(embed("c"), "pod-2")
    opened.release(embed("a"), "pod-1/x")
    assert opened.holders() == {"pod-1", "pod-3"}
    opened.fail(embed("b"), "pod-1/y/z", "no")
    assert opened.holders() == {"pod-3"}
    clock.now += 60
    assert opened.holders() == frozenset()
    opened.renew(embed("d"), "pod-3/x")
    assert opened.holders() == {"pod-3"}


def test_what_is_held_is_counted_by_run_and_node(opened: Ledger, clock: Clock) -> None:
    for task in (embed("a"), embed("b"), embed("d"), embed("a", run="s"), embed("a", node="mine")):
        opened.claim(task, "w")
    opened.fail(embed("b"), "w", "no")
    assert [opened.held("r", "embed"), opened.held("r", "mine"), opened.held("r", "x")] == [2, 1, 0]
    opened.complete(embed("a"), "w")
    assert opened.held("r", "embed") == 1
    clock.now += 60
    assert opened.held("r", "embed") == 0
    opened.renew(embed("d"), "w")
    assert opened.held("r", "embed") == 1


def test_one_owner_leads_until_it_resigns_or_its_lease_runs_out(
    ledger: Ledger, clock: Clock
) -> None:
    assert ledger.lead("coordinator", "a", 10)
    assert not ledger.lead("coordinator", "b", 10)
    assert ledger.lead("another", "b", 10)
    clock.now += 9
    assert ledger.lead("coordinator", "a", 10)
    clock.now += 9
    assert not ledger.lead("coordinator", "b", 10)
    ledger.resign("coordinator", "b")
    assert not ledger.lead("coordinator", "b", 10)
    clock.now += 1
    assert ledger.lead("coordinator", "b", 10)
    assert not ledger.lead("coordinator", "a", 10)
    ledger.resign("coordinator", "b")
    assert ledger.lead("coordinator", "a", 10)
    ledger.resign("never led", "a")


def seconds_of(wait: Callable[[], None]) -> float:
    started = time.monotonic()
    wait()
    return time.monotonic() - started


def changes(ledger: Ledger) -> list[Callable[[], object]]:
    """Return what must wake a coordinator, one after the other."""
    task = embed("z")
    for _ in range(2):
        ledger.claim(embed("y"), "w")
        ledger.release(embed("y"), "w")
    return [
        lambda: ledger.open(task),
        lambda: (ledger.claim(task, "w"), ledger.fail(task, "w", "no")),
        lambda: (ledger.claim(task, "w"), ledger.release(task, "w")),
        lambda: (ledger.claim(task, "w"), ledger.complete(task, "w")),
    ]


def test_who_waits_is_woken_by_every_change_within_a_moment(ledger: Ledger) -> None:
    steps = changes(ledger)
    ledger.wait(0.05)
    for step in steps:
        timer = threading.Timer(0.2, step)
        started = time.monotonic()
        timer.start()
        ledger.wait(10)
        assert 0.1 < time.monotonic() - started < 2
        timer.join()


def test_a_change_between_two_waits_is_not_missed(ledger: Ledger) -> None:
    ledger.wait(0.05)
    for step in changes(ledger):
        step()
        assert seconds_of(lambda: ledger.wait(10)) < 2


def test_who_waits_goes_on_after_its_time_where_nothing_changes(opened: Ledger) -> None:
    opened.wait(0.3)
    opened.claim(embed("a"), "w")
    opened.renew(embed("a"), "w")
    opened.open(embed("a"))
    opened.claim(embed("a"), "x")
    opened.complete(embed("a"), "x")
    assert 0.2 < seconds_of(lambda: opened.wait(0.3)) < 2
    assert seconds_of(lambda: opened.wait(0)) < 1


class Model:
    """One task in plain words: when it ought to be rung for."""

    def __init__(self) -> None:
        self.known, self.ended = False, False
        self.holder, self.until, self.rests, self.rung = "", 0.0, 0.0, -1e9
        self.attempts = 0

    def step(self, call: str, now: float) -> None:
        """Follow what the ledger is told of the task by its one worker."""
        held = self.holder == "w" and not self.ended
        self.known = self.known or call in ("open", "claim")
        if call == "claim" and not self.ended and (not self.holder or now >= self.until):
            self.ended, self.holder = self.attempts == 3, "w"
            self.attempts, self.until, self.rests, self.rung = self.attempts + 1, now + 60, 0, -1e9
        elif call == "renew" and held:
            self.until, self.rests, self.rung = now + 60, 0, -1e9
        elif call == "fail" and held:
            self.holder, self.rests = "", now + 8 * 2 ** (self.attempts - 1)
            self.rung = -1e9
        elif call == "release" and held:
            self.holder, self.rests, self.attempts = "", 0, self.attempts - 1
            self.rung = -1e9
        elif call == "complete" and held:
            self.ended = True

    def due(self, now: float) -> bool:
        """Say whether it is due, and note that it was rung for."""
        held = self.holder and now < self.until
        due = self.known and not self.ended and not held and now >= self.rests
        if due := bool(due and now >= self.rung + AGAIN):
            self.rung = now
        return due


calls = st.tuples(
    st.sampled_from(["open", "claim", "claim", "renew", "fail", "release", "complete", "due"]),
    st.sampled_from([0, 8, 16, 30, 60]),
)


@example([("claim", 0), ("open", 60), ("release", 0)])
@example([("claim", 0), ("open", 60), ("fail", 0), ("due", 8), ("due", 8)])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(calls, max_size=30))
def test_any_sequence_of_calls_rings_as_promised(
    make_ledger: Callable[[Clock], Ledger], clock: Clock, calls: list[tuple[str, int]]
) -> None:
    ledger, model, task = make_ledger(clock), Model(), embed("a")
    more = {"open": (), "fail": ("w", "error")}
    for call, seconds in calls:
        clock.now += seconds
        if call != "due":
            getattr(ledger, call)(task, *more.get(call, ("w",)))
            model.step(call, clock.now)
        assert due(ledger) == ("a" if model.due(clock.now) else "")
        assert ledger.backlog("embed") == int(model.known and not model.ended)
        held = model.holder and not model.ended and clock.now < model.until
        assert ledger.held("r", "embed") == int(bool(held))
        assert len(ledger.open_tasks("r", "embed")) == ledger.backlog("embed")


def test_a_message_under_way_takes_a_place_until_it_counts_as_lost(
    opened: Ledger, clock: Clock
) -> None:
    assert due(opened, 2) == "ab"
    assert due(opened, 2) == ""
    clock.now += AGAIN
    assert due(opened, 2) == "ab"
