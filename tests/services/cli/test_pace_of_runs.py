"""How fast a run goes: rates over the last half minute, time left, and bars that say so."""

import pytest
from rich.console import Console

from pairmill.pipeline.standing import End, NodeProgress, Standing, Submitted
from services.cli.board import clock, draw_board, next_steps
from services.cli.pace import Paces


def embed(records: int, **more: int) -> NodeProgress:
    return NodeProgress(node="embed", unit="image", tasks=10, records=records, total=1000, **more)


def test_a_rate_is_what_came_since_the_first_look() -> None:
    paces = Paces()
    assert paces.hear(100.0, embed(0)).rate == 0
    pace = paces.hear(110.0, embed(50))
    assert (pace.rate, pace.left) == (5.0, 190.0)


def test_a_rate_forgets_what_was_long_ago() -> None:
    paces = Paces(window=30)
    for second in range(0, 100, 10):
        paces.hear(second, embed(10 * second))
    assert paces.hear(100, embed(900)).rate == pytest.approx(0, abs=10)
    for second in range(100, 200, 10):
        pace = paces.hear(second, embed(900 + (second - 100) // 10))
    assert pace.rate == pytest.approx(0.1, rel=0.2)


def test_a_node_at_rest_slows_down_and_one_that_goes_back_has_no_rate() -> None:
    paces = Paces()
    paces.hear(0.0, embed(0))
    assert paces.hear(10.0, embed(100)).rate == 10
    assert paces.hear(20.0, embed(100)).rate == 5
    assert Paces().hear(0.0, embed(5)).left is None
    paces.hear(30.0, embed(400))
    assert paces.hear(31.0, embed(0)).rate == 0


def test_tasks_count_where_records_do_not() -> None:
    node = NodeProgress(node="bands", tasks=1, done=1, seconds=4)
    pace = Paces().hear(0.0, node)
    assert (pace.done, pace.of, pace.rate, pace.left) == (1, 1, 0.25, None)


def test_the_board_shows_every_node_and_nothing_before_there_is_one() -> None:
    paces = Paces()
    nodes = (embed(1000, done=9, failed=1), NodeProgress(node="mine", unit="image"))
    asked = Submitted(run="laptop-1", corpus="photos")
    console = Console(width=120)
    with console.capture() as told:
        console.print(draw_board(Standing(submitted=asked, nodes=nodes),
                                 [paces.hear(0, node) for node in nodes]))  # fmt: skip
        console.print(draw_board(Standing(submitted=asked), []))
    lines = [line.rstrip() for line in told.get().splitlines()]
    assert lines[0] == "run laptop-1, corpus photos: active"
    assert any(line.startswith("embed") and "1,000/1,000" in line for line in lines)
    assert any(line.startswith("mine") for line in lines)
    assert "waiting for the coordinator" in lines[-1]


def test_next_steps_follow_from_the_state() -> None:
    asked = Submitted(run="r", corpus="c")
    assert next_steps(Standing(submitted=asked)) == []
    done = Standing(submitted=asked, end=End(run="r", state="finished"))
    assert next_steps(done) == ["next:   pairmill report r"]
    gone = Standing(submitted=asked, end=End(run="r", state="cancelled"))
    assert next_steps(gone) == ["go on:  pairmill retry r"]


def test_seconds_are_shown_as_a_clock() -> None:
    assert [clock(s) for s in (0, 59.6, 61, 3723)] == ["0:00", "1:00", "1:01", "1:02:03"]
