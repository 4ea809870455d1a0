"""A budget stops the asking, loses no answer, and a larger one goes on where it stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.core.costing import Budget, Price, tokens_of
from pairmill.core.errors import BudgetError, ConfigError
from pairmill.pipeline.spending import UNKNOWN_AHEAD, Spending, read_spent
from tests.pairmill.adapters.chat.questions import SCHEMA, chat
from tests.pairmill.adapters.chat.scripted_chat import ScriptedChat
from tests.pairmill.adapters.chat.scripted_server import Script, ScriptedServer
from tests.pairmill.adapters.chat.test_asking import echo, question

RUN = "run-1"


def budget(tokens: int) -> Budget:
    return Budget(limit=tokens, tokens=True)


def asker(store: FolderObjects, limit: Budget | None, chat: ScriptedChat | None = None) -> Asker:
    """A question costs three tokens: one is read, two are written."""
    spending = Spending(store, RUN, prices={"scripted/one": Price(prompt=1e6)}, budget=limit)
    return Asker(chat or ScriptedChat(echo), store, spending=spending)


def spent(store: FolderObjects) -> int:
    return sum(tokens_of(used) for used in read_spent(store, RUN))


def test_asking_stops_just_below_the_limit_and_says_what_was_spent(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    got: list[tuple[int, object]] = []
    with pytest.raises(BudgetError, match=r"60 tokens of 61 tokens .*20 answers.*--budget"):
        got.extend(asker(store, budget(61)).ask(question(i) for i in range(1000)))
    assert [about for about, _ in got] == list(range(20))
    assert spent(store) == 60


def test_a_larger_budget_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    store, model = FolderObjects(tmp_path), ScriptedChat(echo)
    questions = [question(i) for i in range(50)]
    for limit in (31, 32, 90):  # the second is used up before it begins
        with pytest.raises(BudgetError):
            list(asker(store, budget(limit), model).ask(questions))
        assert spent(store) <= limit
    assert len(model.asked) == 30
    assert len(list(asker(store, None, model).ask(questions))) == 50
    assert len(model.asked) == 50
    assert spent(store) == 150


def test_what_is_kept_already_needs_no_budget(tmp_path: Path) -> None:
    store, questions = FolderObjects(tmp_path), [question(i) for i in range(10)]
    list(asker(store, None).ask(questions))
    assert len(list(asker(store, budget(1)).ask(questions))) == 10
    with pytest.raises(BudgetError):
        list(asker(store, budget(1)).ask([question(11)]))


def test_a_budget_of_money_wants_a_price_before_anything_is_asked(tmp_path: Path) -> None:
    model = ScriptedChat(echo, model="another")
    with pytest.raises(ConfigError, match="'another'"):
        list(asker(FolderObjects(tmp_path), Budget(limit=5), model).ask([question(1)]))
    assert not model.asked
    with pytest.raises(BudgetError, match=r"used up: 5 of 5 "):  # a token that is read costs 1
        list(asker(FolderObjects(tmp_path), Budget(limit=5)).ask(question(i) for i in range(9)))


def test_nothing_is_sent_twice_where_repairs_meet_the_limit(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    model = ScriptedChat(lambda ask: "no" if len(ask.turns) == 2 else '{"x": 5}')
    with pytest.raises(BudgetError):
        list(asker(store, budget(20), model).ask(question(i) for i in range(30)))
    sent = len(model.asked)
    found = dict(asker(store, None, model).ask(question(i) for i in range(30)))
    assert set(found) == set(range(30))
    assert len(model.asked) == 60 > sent


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(Script(seconds=0.01)) as running:
        yield running


def test_on_real_http_no_more_is_sent_than_is_under_way(
    server: ScriptedServer, tmp_path: Path
) -> None:
    store, asked = FolderObjects(tmp_path), [question(i, schema=SCHEMA) for i in range(200)]
    first = Spending(store, RUN, budget=budget(200))
    asking = Asker(chat(server), store, spending=first)
    with pytest.raises(BudgetError, match="the budget is used up"):
        list(asking.ask(asked))
    sent = server.asked.total()
    assert 200 * 0.5 <= spent(store) <= 200
    assert UNKNOWN_AHEAD <= sent < 200
    list(Asker(chat(server), store, spending=Spending(store, RUN)).ask(asked))
    assert set(server.asked.values()) == {1}
    assert server.asked.total() >= 200
