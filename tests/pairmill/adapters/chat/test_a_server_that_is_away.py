"""A server that starts cold, loads for long, dies, or never comes: waited for at no one's cost."""

import time
from typing import Any

import pytest

from pairmill.core.errors import RetryError
from pairmill.ports.chat import Answer
from tests.pairmill.adapters.chat.questions import answered, chat, question, rejected
from tests.pairmill.adapters.chat.scripted_server import Script, ScriptedServer

ONE_ATTEMPT: dict[str, Any] = {"attempts": 1, "concurrency": 16}


@pytest.mark.parametrize(
    "script",
    [
        Script(cold=0.3),
        Script(loading=0.3),
        Script(loading=0.3, meanwhile="hang_up"),
        Script(loading=0.3, meanwhile="limited"),
        Script(cold=0.15, loading=0.15),
    ],
    ids=["refuses", "says 503", "hangs up", "says 429", "refuses, then says 503"],
)
def test_a_cold_start_costs_no_question_an_attempt(script: Script) -> None:
    with ScriptedServer(script) as server:
        began = time.monotonic()
        outcomes = list(chat(server, **ONE_ATTEMPT).answer(question(f"q{i}") for i in range(40)))
        assert time.monotonic() - began > 0.25
        assert sorted(answered(got) for _, got in outcomes) == sorted(f"q{i}" for i in range(40))
        while_loading = sum(server.asked.values()) - 40
        assert server.most_in_flight <= 16
        assert while_loading < 40, "one probe at a time, with pauses"


def test_nothing_is_sent_in_heaps_before_the_server_was_heard() -> None:
    with ScriptedServer(Script(seconds=0.05, loading=0.2, meanwhile="busy")) as server:
        client = chat(server, **ONE_ATTEMPT)
        outcomes = client.answer(question(f"q{i}") for i in range(40))
        next(outcomes)
        assert max(heard.times for heard in server.heard) <= 2
        list(outcomes)


def test_a_client_that_heard_its_server_once_begins_at_full_width() -> None:
    with ScriptedServer(Script(seconds=0.05)) as server:
        client = chat(server, concurrency=16)
        list(client.answer([question("first")]))
        began = time.monotonic()
        list(client.answer(question(f"q{i}") for i in range(16)))
        assert server.most_in_flight == 16
        assert time.monotonic() - began < 16 * 0.05


def test_a_restart_in_the_middle_costs_at_most_what_was_under_way() -> None:
    with ScriptedServer(Script(seconds=0.01)) as server:
        client = chat(server, attempts=2, concurrency=8)
        outcomes = client.answer(question(f"q{i}") for i in range(120))
        taken = [next(outcomes) for _ in range(30)]
        server.restart(away=0.3)
        taken += outcomes
        assert sorted(answered(got) for _, got in taken) == sorted(f"q{i}" for i in range(120))
        tried_again = [got for _, got in taken if isinstance(got, Answer) and got.requests > 1]
        assert 1 <= len(tried_again) <= 16


def test_a_server_that_stays_away_ends_in_a_retry_with_what_came_before() -> None:
    with ScriptedServer() as server:
        client = chat(server, patience_seconds=0.3)
        outcomes = client.answer(question(f"q{i}") for i in range(1000))
        taken = [next(outcomes) for _ in range(10)]
        server.restart(away=60)
        began = time.monotonic()
        with pytest.raises(RetryError, match=r"no answer for 0\.3 s \(no connection .*base_url"):
            taken += outcomes
        assert 0.25 < time.monotonic() - began < 3
        assert all(answered(got) == ask.ask_id for ask, got in taken)


def test_a_server_that_never_was_is_waited_for_no_longer_than_patience() -> None:
    with (
        ScriptedServer(Script(cold=60)) as server,
        pytest.raises(RetryError, match="no connection"),
    ):
        list(chat(server, patience_seconds=0.2).answer([question("a")]))


def test_questions_that_always_fail_end_as_rejects_though_no_other_is_left() -> None:
    with ScriptedServer() as server:
        client = chat(server, attempts=3, concurrency=4, probe_seconds=0.002)
        asks = [question(f"q{i}", act) for i, act in enumerate(("reset", "error", "hang_up") * 4)]
        outcomes = list(client.answer([question("first"), *asks]))
        rules = [rejected(got)[0] for ask, got in outcomes if ask.ask_id != "first"]
        assert rules == ["no_answer"] * 12


def test_what_happens_is_logged_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="pairmill"), ScriptedServer(Script(cold=0.1)) as server:
        list(chat(server, key="sk-very-secret").answer([question("a")]))
        fields = [vars(record)["fields"] for record in caplog.records]
        assert {record.message for record in caplog.records} == {
            "the chat server is away", "the chat server is back"
        }  # fmt: skip
        assert all(told["server"] == server.url.removesuffix("/v1") for told in fields)
        assert fields[0]["reason"] == "no connection (ClientConnectorError)"
        assert "very-secret" not in str(fields)
