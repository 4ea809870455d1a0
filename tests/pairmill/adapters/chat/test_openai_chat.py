"""Questions to a real HTTP server that does its worst: each has one outcome, and none has two."""

import base64
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairmill.core.errors import ConfigError, RejectError, RetryError
from pairmill.ports.chat import Answer, Ask, Picture, Tokens, Turn
from tests.pairmill.adapters.chat.questions import answered, chat, question, rejected
from tests.pairmill.adapters.chat.scripted_acts import LIMITED_SECONDS
from tests.pairmill.adapters.chat.scripted_server import Script, ScriptedServer

PASSING = ("malformed", "strange", "wrong_type", "huge", "error", "busy", "reset", "hang_up",
           "not_http", "limited")  # fmt: skip
"""What is over once the question is asked again."""
FINAL = ("answer", "garbage", "truncated", "drip", "refused_image", "filtered")


def test_an_answer_comes_with_its_model_tokens_and_costs(server: ScriptedServer) -> None:
    ((ask, got),) = chat(server).answer([question("a")])
    assert ask.ask_id == answered(got) == "a"
    assert isinstance(got, Answer)
    assert (got.model, got.finish, got.requests) == ("scripted/one", "stop", 1)
    assert got.tokens == Tokens(prompt=11, completion=7)
    assert 0 < got.seconds < 5


def test_the_request_is_what_the_protocol_wants(server: ScriptedServer) -> None:
    picture = Picture(data=b"\x89PNG", media_type="image/png")
    turns = (Turn(role="system", parts=("Be brief.",)),
             Turn(role="user", parts=("#a first", picture, "second")))  # fmt: skip
    ask = Ask(ask_id="a", turns=turns, schema={"type": "object"}, max_tokens=9, seed=7)
    list(chat(server, key="k", template={"enable_thinking": False}).answer([ask]))
    (heard,) = server.heard
    uri = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    schema = {"name": "answer", "schema": {"type": "object"}, "strict": True}
    assert heard.headers["authorization"] == "Bearer k"
    assert heard.json == {
        "model": "scripted/one", "max_tokens": 9, "temperature": 0.0, "seed": 7,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "#a first"},
                {"type": "image_url", "image_url": {"url": uri}},
                {"type": "text", "text": "second"},
            ]},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "chat_template_kwargs": {"enable_thinking": False},
    }  # fmt: skip


def test_large_pictures_are_sent_without_a_warning(server: ScriptedServer) -> None:
    ask = Ask(ask_id="a", turns=(Turn(role="user", parts=("#a", Picture(data=bytes(2**21)))),))
    ((_, got),) = chat(server).answer([ask])
    assert answered(got) == "a"


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again(server: ScriptedServer, fault: str) -> None:
    ((_, got),) = chat(server, max_answer_bytes=100_000).answer([question("a", fault, "answer")])
    assert answered(got) == "a"
    assert isinstance(got, Answer)
    assert got.requests == server.asked["a"] == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("malformed", "no chat completion (JSONDecodeError)"),
        ("strange", "no chat completion (IndexError)"),
        ("wrong_type", "wanted JSON, got text/html"),
        ("huge", "more than 100,000 bytes"),
        ("error", "status 500"),
        ("reset", "cut off (ClientPayloadError)"),
        ("hang_up", "cut off (ServerDisconnectedError)"),
        ("silence", "no answer in 0.3 s"),
    ],
)
def test_what_does_not_pass_is_a_reject_with_its_reason(
    server: ScriptedServer, fault: str, reason: str
) -> None:
    asks = [question("a", fault), question("b")]
    client = chat(server, attempts=2, max_answer_bytes=100_000, concurrency=2,
                  timeout_seconds=0.3 if fault == "silence" else 5.0)  # fmt: skip
    list(client.answer([question("first")]))
    outcomes = {ask.ask_id: outcome for ask, outcome in client.answer(asks)}
    assert rejected(outcomes["a"]) == ("no_answer", reason)
    assert answered(outcomes["b"]) == "b"
    assert server.asked["a"] >= 2


def test_an_image_that_is_refused_takes_no_other_question_with_it(server: ScriptedServer) -> None:
    asks = [question(f"q{i}", "refused_image" if i == 3 else "answer") for i in range(20)]
    outcomes = {ask.ask_id: outcome for ask, outcome in chat(server).answer(asks)}
    wanted = ("refused_by_server", "400: 400 cannot identify image file ((picture))")
    assert rejected(outcomes.pop("q3")) == wanted
    assert [answered(outcome) for outcome in outcomes.values()] == list(outcomes)
    assert server.asked["q3"] == 1


def test_an_answer_cut_off_at_the_token_limit_says_so(server: ScriptedServer) -> None:
    ((_, got),) = chat(server).answer([question("a", "truncated")])
    assert isinstance(got, Answer)
    assert got.finish == "length"


def test_a_slow_answer_is_waited_for_only_within_the_timeout(server: ScriptedServer) -> None:
    patient, hasty = chat(server), chat(server, timeout_seconds=0.3, attempts=2)
    ((_, got),) = patient.answer([question("a", "drip")])
    assert answered(got) == "a"
    list(hasty.answer([question("first")]))
    ((_, got),) = hasty.answer([question("b", "crawl")])
    assert rejected(got) == ("no_answer", "no answer in 0.3 s")


def test_retry_after_is_honoured(server: ScriptedServer) -> None:
    client = chat(server)
    list(client.answer([question("first")]))
    began = time.monotonic()
    ((_, got),) = client.answer([question("a", "limited", "limited", "answer")])
    assert answered(got) == "a"
    assert time.monotonic() - began >= 2 * LIMITED_SECONDS


def test_being_limited_counts_against_no_question_until_patience_ends(
    server: ScriptedServer,
) -> None:
    ((_, got),) = chat(server, attempts=1).answer([question("a", *["limited"] * 4, "answer")])
    assert answered(got) == "a"
    client = chat(server, attempts=1, patience_seconds=0.2, concurrency=2)
    list(client.answer([question("first")]))
    with pytest.raises(RetryError, match=r"no answer for 0\.2 s \(status 429\)"):
        list(client.answer([question("b", "limited")]))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("denied", "got status 401, it refuses ours.*PAIRMILL_CHAT__API_KEY"),
        ("no_model", "it has no model named 'scripted/one'.*v1/models"),
        ("no_path", "nothing answers questions at http.*as far as /v1"),
        ("moved", "got status 307, a redirect, which is not followed"),
    ],
)
def test_what_no_question_can_pass_stops_the_run(
    server: ScriptedServer, act: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        list(chat(server, key="sk-very-secret").answer([question("a", act)]))
    assert "very-secret" not in str(caught.value) + caplog.text
    assert caught.value.__cause__ is None


def test_a_port_that_speaks_no_tls_stops_the_run(server: ScriptedServer) -> None:
    with pytest.raises(ConfigError, match=r"no trusted TLS connection.*https://.*SSL_CERT_FILE"):
        list(chat(server, base_url=server.url.replace("http", "https")).answer([question("a")]))


def test_a_schema_that_the_server_does_not_take_is_given_up_once_and_for_all(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("WARNING", logger="pairmill"), \
            ScriptedServer(Script(formats=False)) as server:  # fmt: skip
        client = chat(server)
        for part in ("a", "b"):
            asks = [question(f"{part}{i}", schema=True) for i in range(20)]
            outcomes = {ask.ask_id: got for ask, got in client.answer(asks)}
            assert [answered(got) for got in outcomes.values()] == list(outcomes)
    assert sum(server.asked.values()) == 41, "one probe was refused, and asked again without"
    assert [r.message for r in caplog.records if "schema" in r.message] == [
        "the chat server takes no JSON schema; answers are parsed strictly all the same"
    ]


def test_a_schema_can_be_always_or_never_sent(server: ScriptedServer) -> None:
    list(chat(server, json_schema="never").answer([question("a", schema=True)]))
    assert "response_format" not in server.heard[-1].json
    list(chat(server, json_schema="always").answer([question("a", schema=True)]))
    assert "response_format" in server.heard[-1].json
    with ScriptedServer(Script(formats=False)) as other:
        outcomes = chat(other, json_schema="always").answer([question("a", schema=True)])
        with pytest.raises(ConfigError, match=r"refuses response_format.*chat\.json_schema"):
            list(outcomes)


def test_many_questions_are_under_way_at_once_and_no_more(server: ScriptedServer) -> None:
    with ScriptedServer(Script(seconds=0.02)) as busy:
        outcomes = list(chat(busy, concurrency=16).answer(question(f"q{i}") for i in range(200)))
    assert len(outcomes) == 200
    assert busy.most_in_flight == 16


def test_questions_are_read_only_as_far_ahead_as_keeps_the_server_busy(
    server: ScriptedServer,
) -> None:
    read = 0

    def endless() -> Iterator[Ask]:
        nonlocal read
        while True:
            read += 1
            yield question(f"q{read}")

    outcomes = chat(server).answer(endless())
    for _ in range(50):
        next(outcomes)
    assert 50 <= read <= 50 + 2 * 8
    before = threading.active_count()
    outcomes.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before - 1, "leaving early ends the client's thread"


def test_a_fault_of_the_caller_is_the_callers(server: ScriptedServer) -> None:
    def broken() -> Iterator[Ask]:
        yield question("a")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(chat(server).answer(broken()))


def outcome_of(plan: list[str], attempts: int) -> str:
    """Return what must come of a question: the oracle, where no gate is shut."""
    spent = 0
    for act in plan:
        if act in FINAL:
            return act
        spent += act != "limited"
        if spent == attempts:
            return "no_answer"
    raise AssertionError(plan)


def told(outcome: Answer | RejectError) -> str:
    """Return what came of a question, in the oracle's words."""
    if isinstance(outcome, RejectError):
        names = {"content_filter": "filtered"}
        return "no_answer" if outcome.rule == "no_answer" else \
            names.get(outcome.value, "refused_image")  # fmt: skip
    if outcome.finish == "length":
        return "truncated"
    return "garbage" if outcome.text.startswith("Sure!") else "answer"


TAGS = itertools.count()
PLANS = st.lists(
    st.tuples(st.lists(st.sampled_from(PASSING), max_size=4), st.sampled_from(FINAL)),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plans=PLANS, concurrency=st.integers(1, 12))
def test_every_question_has_exactly_one_outcome_whatever_happens(
    server: ScriptedServer, plans: list[tuple[list[str], str]], concurrency: int
) -> None:
    tag = f"t{next(TAGS)}"
    asks = [question(f"{tag}-{i}", *passing, final) for i, (passing, final) in enumerate(plans)]
    client = chat(server, concurrency=concurrency, attempts=30, max_answer_bytes=100_000)
    outcomes = list(client.answer(asks))
    assert Counter(ask.ask_id for ask, _ in outcomes) == Counter(ask.ask_id for ask in asks)
    for ask, outcome in outcomes:
        passing, final = plans[int(ask.ask_id.rpartition("-")[2])]
        assert told(outcome) == ("answer" if final == "drip" else final)
        assert server.asked[ask.ask_id] == len(passing) + 1, "none is asked once it was answered"


def test_all_faults_together_at_a_thousand_questions() -> None:
    rng = random.Random(6)
    plans = {}
    for i in range(1000):
        passing = rng.choices(PASSING, k=rng.choice((0, 0, 0, 1, 2, 5)))
        plans[f"q{i}"] = [*passing, "garbage" if rng.random() < 0.1 else rng.choice(FINAL)]
    with ScriptedServer(Script(cold=0.1, loading=0.1)) as server:
        client = chat(server, concurrency=32, attempts=4, max_answer_bytes=100_000)
        outcomes = list(client.answer(question(name, *plan) for name, plan in plans.items()))
    assert Counter(ask.ask_id for ask, _ in outcomes) == Counter(plans.keys())
    for ask, outcome in outcomes:
        wanted = outcome_of(plans[ask.ask_id], attempts=4)
        assert told(outcome) in {wanted, plans[ask.ask_id][-1]} - {"drip"} | {"answer"}
