"""A claim is kept while its task moves, and let go when it must be."""

import threading
import time
from collections.abc import Callable

import pytest

from pairmill.core.errors import RetryError
from pairmill.pipeline.progress import Silent
from pairmill.working import lease as module
from pairmill.working.lease import Drained, Lease, LeaseLostError


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "it did not come true within 5 s"
        time.sleep(0.001)


def test_the_claim_is_renewed_in_the_background_and_no_more_afterwards() -> None:
    renewed: list[int] = []

    def keep() -> bool:
        renewed.append(1)
        return True

    with Lease(Silent(), keep, 0.02, threading.Event()) as held:
        until(lambda: len(renewed) >= 3)
        held.advance()
    count = len(renewed)
    time.sleep(0.05)
    assert len(renewed) == count


def test_a_lost_claim_ends_the_work_at_its_next_sign_of_progress() -> None:
    with Lease(Silent(), lambda: False, 0.01, threading.Event()) as held:
        until(lambda: held._lost)
        with pytest.raises(LeaseLostError):
            held.total(3)


def test_a_ledger_that_is_away_loses_no_claim() -> None:
    answers = [RetryError("away"), RetryError("away")]

    def keep() -> bool:
        if answers:
            raise answers.pop()
        return True

    with Lease(Silent(), keep, 0.01, threading.Event()) as held:
        until(lambda: not answers)
        held.advance()


def test_a_process_that_is_told_to_end_gives_its_task_back() -> None:
    stop = threading.Event()
    with Lease(Silent(), lambda: True, 10, stop) as held:
        held.advance()
        stop.set()
        with pytest.raises(Drained):
            held.advance()


def test_a_stage_that_hangs_is_not_renewed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALLED_SECONDS", 0.02)
    renewed: list[int] = []

    def keep() -> bool:
        renewed.append(1)
        return True

    with Lease(Silent(), keep, 0.02, threading.Event()) as held:
        until(lambda: not held._thread.is_alive())
    assert len(renewed) < 10
