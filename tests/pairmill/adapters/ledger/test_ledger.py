"""What every ledger must do. The adapters it judges stand in conftest.py: three attempts, leases
of a minute, and a clock that only the test moves."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairmill.ports.ledger import Claim, Ledger, Limits, Standing
from pairmill.ports.queue import Task

TASK = Task(run="r", node="embed", shard="00001")
LEASED, DONE, DEAD = (Claim(standing=s) for s in (Standing.LEASED, Standing.DONE, Standing.DEAD))


class Clock(Protocol):
    """The clock of conftest.py."""

    now: float


def granted(attempt: int) -> Claim:
    """Return the claim that succeeds."""
    return Claim(standing=Standing.GRANTED, attempt=attempt)


def test_a_task_that_was_never_opened_may_be_claimed(ledger: Ledger) -> None:
    assert ledger.claim(TASK, "a") == granted(1)
    assert ledger.open_tasks("r", "embed") == [TASK]


def test_a_leased_task_is_granted_to_nobody_else_and_not_twice(ledger: Ledger) -> None:
    ledger.open(TASK)
    assert ledger.claim(TASK, "a") == granted(1)
    assert ledger.claim(TASK, "b") == LEASED
    assert ledger.claim(TASK, "a") == LEASED


def test_a_completed_task_is_done_and_no_longer_open(ledger: Ledger) -> None:
    ledger.claim(TASK, "a")
    assert ledger.complete(TASK, "a")
    assert ledger.claim(TASK, "b") == DONE
    assert ledger.open_tasks("r", "embed") == []
    ledger.open(TASK)
    assert ledger.claim(TASK, "b") == DONE


def test_completing_twice_is_the_same_as_once(ledger: Ledger) -> None:
    ledger.claim(TASK, "a")
    assert [ledger.complete(TASK, "a") for _ in range(3)] == [True] * 3
    assert not ledger.fail(TASK, "a", "late")
    assert not ledger.release(TASK, "a")
    assert not ledger.renew(TASK, "a")
    assert ledger.claim(TASK, "a") == DONE


def test_a_lease_runs_out_and_the_next_claim_is_another_attempt(
    ledger: Ledger, clock: Clock
) -> None:
    assert ledger.claim(TASK, "a") == granted(1)
    clock.now += 59.9
    assert ledger.claim(TASK, "b") == LEASED
    clock.now += 0.1
    assert ledger.claim(TASK, "b") == granted(2)


def test_a_renewed_lease_holds_from_the_renewal_on(ledger: Ledger, clock: Clock) -> None:
    ledger.claim(TASK, "a")
    for _ in range(10):
        clock.now += 50
        assert ledger.renew(TASK, "a")
        assert ledger.claim(TASK, "b") == LEASED
    clock.now += 60
    assert ledger.claim(TASK, "b") == granted(2)


def test_an_owner_whose_lease_was_taken_over_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    ledger.claim(TASK, "a")
    clock.now += 60
    assert ledger.claim(TASK, "b") == granted(2)
    clock.now += 30
    assert not ledger.renew(TASK, "a")
    assert not ledger.complete(TASK, "a")
    assert not ledger.release(TASK, "a")
    assert not ledger.fail(TASK, "a", "late")
    assert ledger.claim(TASK, "c") == LEASED
    clock.now += 30
    assert ledger.claim(TASK, "c") == granted(3)


def test_who_never_claimed_changes_nothing(ledger: Ledger) -> None:
    for owner in ("", "stranger"):
        assert not ledger.renew(TASK, owner)
        assert not ledger.complete(TASK, owner)
        assert not ledger.release(TASK, owner)
        assert not ledger.fail(TASK, owner, "no")
    ledger.open(TASK)
    assert not ledger.complete(TASK, "stranger")
    assert ledger.claim(TASK, "a") == granted(1)


def test_a_failed_task_is_given_back_and_its_attempt_counts(ledger: Ledger) -> None:
    for attempt in (1, 2):
        assert ledger.claim(TASK, "a") == granted(attempt)
        assert ledger.fail(TASK, "a", f"error {attempt}")
        assert not ledger.fail(TASK, "a", "again")
    assert ledger.open_tasks("r", "embed") == [TASK]
    assert ledger.claim(TASK, "b") == granted(3)


def test_a_released_task_is_given_back_uncounted(ledger: Ledger) -> None:
    for _ in range(10):
        assert ledger.claim(TASK, "a") == granted(1)
        assert ledger.release(TASK, "a")
        assert not ledger.release(TASK, "a")
    assert ledger.dead_tasks("r", "embed") == {}


def test_the_attempt_after_the_cap_finds_it_dead_with_its_last_error(ledger: Ledger) -> None:
    for attempt in (1, 2, 3):
        assert ledger.claim(TASK, "a") == granted(attempt)
        ledger.fail(TASK, "a", f"error {attempt}")
    assert ledger.dead_tasks("r", "embed") == {}
    assert ledger.open_tasks("r", "embed") == [TASK]
    assert ledger.claim(TASK, "b") == DEAD
    assert ledger.dead_tasks("r", "embed") == {"00001": "error 3"}
    assert ledger.open_tasks("r", "embed") == []
    ledger.open(TASK)
    assert ledger.claim(TASK, "b") == DEAD
    assert not ledger.complete(TASK, "a")


def test_a_task_that_kills_its_worker_dies_and_says_so(ledger: Ledger, clock: Clock) -> None:
    for attempt in (1, 2, 3):
        assert ledger.claim(TASK, f"worker-{attempt}") == granted(attempt)
        clock.now += 60
    assert ledger.claim(TASK, "worker-4") == DEAD
    assert "worker-3" in ledger.dead_tasks("r", "embed")["00001"]
    assert not ledger.renew(TASK, "worker-3")


def test_runs_and_nodes_are_kept_apart_and_sorted_by_shard(ledger: Ledger) -> None:
    for run, node, shard in (("r", "embed", "2"), ("r", "embed", "1"), ("r", "embed@gallery", "1"),
                             ("s", "embed", "1")):  # fmt: skip
        ledger.open(Task(run=run, node=node, shard=shard))
    assert [task.shard for task in ledger.open_tasks("r", "embed")] == ["1", "2"]
    assert len(ledger.open_tasks("r", "embed@gallery")) == 1
    assert len(ledger.open_tasks("s", "embed")) == 1
    assert ledger.open_tasks("s", "nothing") == []
    assert ledger.dead_tasks("s", "nothing") == {}


def test_one_of_many_threads_is_granted_each_task(ledger: Ledger) -> None:
    tasks = [Task(run="r", node="embed", shard=f"{i:03d}") for i in range(100)]
    won: list[str] = []
    start = threading.Barrier(8)

    def work(owner: str) -> None:
        start.wait()
        for task in tasks:
            if ledger.claim(task, owner).standing is Standing.GRANTED:
                won.append(task.shard)
                ledger.complete(task, owner)

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(won) == {task.shard: 1 for task in tasks}
    assert ledger.open_tasks("r", "embed") == []


class Model:
    """The promises in plain words: one holder at a time, a cap on attempts, an end is an end."""

    def __init__(self) -> None:
        self.ended: Claim | None = None
        self.holder, self.until, self.attempts = "", 0.0, 0

    def claim(self, owner: str, now: float) -> Claim:
        """Grant unless ended, held or used up."""
        if self.ended is None and (not self.holder or now >= self.until):
            if self.attempts < 3:
                self.attempts, self.holder, self.until = self.attempts + 1, owner, now + 60
                return granted(self.attempts)
            self.ended, self.holder = DEAD, ""
        return self.ended or LEASED

    def renew(self, owner: str, now: float) -> bool:
        """The holder of an unfinished task may."""
        if may := self.holder == owner and not self.ended:
            self.until = now + 60
        return may

    def complete(self, owner: str, now: float) -> bool:
        """The holder may, and may again."""
        self.ended = DONE if self.holder == owner else self.ended
        return self.holder == owner

    def fail(self, owner: str, now: float) -> bool:
        """The holder of an unfinished task gives it back."""
        may = self.holder == owner and not self.ended
        self.holder = "" if may else self.holder
        return may

    def release(self, owner: str, now: float) -> bool:
        """The same, uncounted."""
        may = self.fail(owner, now)
        self.attempts -= may
        return may


calls = st.tuples(
    st.sampled_from(["claim", "claim", "renew", "complete", "release", "fail"]),
    st.sampled_from(["a", "b"]),
    st.sampled_from([0, 25, 60]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(calls, max_size=30))
def test_any_sequence_of_calls_keeps_the_promises(
    make_ledger: Callable[[Clock], Ledger], clock: Clock, calls: list[tuple[str, str, int]]
) -> None:
    ledger, model = make_ledger(clock), Model()
    for call, owner, seconds in calls:
        clock.now += seconds
        more = ("error",) if call == "fail" else ()
        assert getattr(ledger, call)(TASK, owner, *more) == getattr(model, call)(owner, clock.now)


@pytest.mark.parametrize(
    ("attempts", "lease", "backoff"), [(0, 60, 0), (3, 0, 0), (3, -1, 0), (3, 60, -1)]
)
def test_limits_without_attempts_or_time_are_refused(
    attempts: int, lease: float, backoff: float
) -> None:
    with pytest.raises(ValueError, match="wanted at least 1"):
        Limits(max_attempts=attempts, lease_seconds=lease, backoff_seconds=backoff)
