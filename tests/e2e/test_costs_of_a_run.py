"""From the command line: a pilot foretells, a budget stops, more of it goes on, the report bills.

One folder of drawn pictures and one server for all of it, in the order of the tests.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image, ImageDraw

from services.cli.__main__ import main
from tests.pairmill.adapters.chat.scripted_server import Script
from tests.pairmill.adapters.chat.writing_server import COLOURS, WritingServer

TOKENS = 18
"""Of each answer, as the server counts."""


@dataclass
class Mill:
    """An output folder, a server, and the command."""

    root: Path
    server: WritingServer
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def call(self, *arguments: object) -> tuple[int, str]:
        """Return exit status and all that was printed."""
        self.monkeypatch.setattr("sys.argv", ["pairmill", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        shown = self.capsys.readouterr()
        return status, re.sub(r"\s+", " ", shown.out + shown.err)

    def run(self, *more: object) -> tuple[int, str]:
        """Start the run, or go on with it, as far as its triplets."""
        return self.call("run", "--corpus", self.root / "photos", "--out", self.root / "mill",
                         "--config", self.root / "run.yaml", "--until", "instruct",
                         *more)  # fmt: skip

    def asked(self) -> int:
        """How many requests the server has had; none of them came twice."""
        assert set(self.server.asked.values()) <= {1}
        return self.server.asked.total()

    def kept(self, name: str) -> dict[str, Any]:
        """Return a JSON file of the run."""
        (path,) = (self.root / "mill" / "runs").glob(f"*/{name}")
        values: dict[str, Any] = json.loads(path.read_bytes())
        return values


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, WritingServer]]:
    root = tmp_path_factory.mktemp("costs")
    (root / "photos").mkdir()
    for number in range(24):
        picture = Image.new("RGB", (64, 64), "white")
        pen = ImageDraw.Draw(picture)
        corners = (8, 8, 36 + number, 36 + number)
        colour = list(COLOURS.values())[number % 4]
        (pen.ellipse if number % 8 < 4 else pen.rectangle)(corners, colour)
        picture.save(root / "photos" / f"IMG_{1000 + number}.png")
    with WritingServer(Script(seconds=0.005)) as server:
        chat = {"model": "seer/1", "base_url": server.url, "concurrency": 4}
        (root / "run.yaml").write_text(yaml.safe_dump({
            "ingest": {"shard_images": 12}, "mining": {"shard_pairs": 40},
            "editing": {"max_images": 0},
            "describing": {"describer": "llm", "chat": chat},
            "instructing": {"instructor": "llm", "chat": chat},
            "prices": {"seer/1": {"prompt": 2.0, "completion": 5.0}},
        }))  # fmt: skip
        (root / "terse.yaml").write_text(yaml.safe_dump({"instructing": {"demonstrations": 1}}))
        yield root, server


@pytest.fixture
def mill(
    place: tuple[Path, WritingServer], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Mill:  # fmt: skip
    return Mill(*place, monkeypatch, capsys)


def test_a_pilot_asks_about_twenty_pairs_and_tells_what_all_will_need(mill: Mill) -> None:
    status, shown = mill.run("--pilot")
    assert status == 0
    assert "forecast from 20 of" in shown
    assert "start the same command without --pilot" in shown
    told = mill.kept("pilot.json")
    assert 20 < mill.asked() <= 40
    assert told["tried"] == 20
    tokens = told["tokens"]
    assert tokens["low"] < tokens["mean"] < tokens["high"]
    assert tokens["mean"] == pytest.approx(mill.asked() * TOKENS / 20 * told["pairs"])


def test_a_pilot_goes_no_further_than_a_budget_that_may_not_suffice(mill: Mill) -> None:
    before = mill.asked()
    status, shown = mill.run("--pilot", "--budget", "900tok")
    assert status == 4
    assert "may need" in shown
    assert "the budget is 900 tokens" in shown
    assert mill.asked() == before  # the pilot's answers are kept


def test_a_budget_stops_the_run_with_a_status_of_its_own_and_says_how_far_it_came(
    mill: Mill,
) -> None:
    status, shown = mill.run("--budget", "1ktok")
    assert status == 4
    assert "the budget is used up" in shown
    assert "start the same command with a larger --budget" in shown
    assert re.search(r"describe: \d+ of \d+ pairs are finished", shown)
    assert 0.9 * 1000 <= mill.asked() * TOKENS <= 1000
    assert mill.kept("report.json")["cost"]["spent"]["tokens"] == mill.asked() * TOKENS


def test_with_more_it_goes_on_asks_nothing_twice_and_the_report_bills_all_starts(
    mill: Mill,
) -> None:
    before = mill.asked()
    status, shown = mill.run("--budget", "5")
    assert status == 0
    assert "what it cost" in shown
    assert mill.asked() > before
    report = mill.kept("report.json")
    cost, kept = report["cost"], report["stages"]["instruct"]["outputs"]
    assert {row["stage"] for row in cost["asked"]} == {"describe", "instruct"}
    assert sum(row["requests"] for row in cost["asked"]) == mill.asked()
    for way in ("spent", "without_cache"):
        assert cost[way]["tokens"] == mill.asked() * TOKENS
        assert cost[way]["cost"] == pytest.approx(mill.asked() * (11 * 2 + 7 * 5) / 1e6)
        assert cost[way]["cost_per_thousand"] == pytest.approx(cost[way]["cost"] / kept * 1000)
    told = mill.kept("pilot.json")
    assert told["tokens"]["low"] <= cost["spent"]["tokens"] <= told["tokens"]["high"]


def test_started_again_it_asks_and_costs_nothing(mill: Mill) -> None:
    before, told = mill.asked(), mill.kept("report.json")["cost"]
    status, _ = mill.run("--budget", "1tok")
    assert status == 0
    assert mill.asked() == before
    assert mill.kept("report.json")["cost"] == told


def test_other_prices_are_the_same_run(mill: Mill) -> None:
    values = yaml.safe_load((mill.root / "run.yaml").read_text())
    values["prices"]["seer/1"] = {"prompt": 0.0, "completion": 0.0}
    (mill.root / "run.yaml").write_text(yaml.safe_dump(values))
    assert mill.run()[0] == 0
    assert mill.kept("report.json")["cost"]["spent"]["cost"] == 0


def test_prompts_are_compared_on_the_same_pairs_and_only_new_ones_ask(mill: Mill) -> None:
    before, page = mill.asked(), mill.root / "prompts.html"
    status, shown = mill.call("compare-prompts", mill.root / "mill", "--with",
                              mill.root / "terse.yaml", "--num", 6, "--page", page)  # fmt: skip
    assert status == 0
    assert "the same pairs by several writers" in shown
    assert 0 < mill.asked() - before <= 6
    text = page.read_text("utf-8")
    assert all(f"<h3>{name}</h3>" in text for name in ("rules", "run", "terse"))
    assert text.count("<div class='pair'>") == 6
    assert text.count("data:image/jpeg;base64,") == 12
    assert mill.kept("report.json")["cost"]["spent"]["tokens"] == before * TOKENS
    again = mill.asked()
    mill.call("compare-prompts", mill.root / "mill", "--with", mill.root / "terse.yaml", "--num", 6)
    assert mill.asked() == again


def test_what_cannot_be_compared_is_refused_by_name(mill: Mill) -> None:
    twin = mill.root / "rules.yaml"
    twin.write_text("seed: 0\n")
    status, shown = mill.call("compare-prompts", mill.root / "mill", "--with", twin)
    assert status == 3
    assert "got rules, wanted files of different names" in shown
