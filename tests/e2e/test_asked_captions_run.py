"""Forty drawn pictures, three of them captioned: a model that sees captions the rest over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pairmill.config import parse_config
from pairmill.core.errors import ConfigError
from pairmill.core.records import Reject, Triplet
from pairmill.core.synthesis import RawAnswer
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.report import build_report
from pairmill.pipeline.shard import read_records
from pairmill.settings import ChatSettings, Settings
from services.standalone.conduct import Conductor
from services.standalone.finished import FinishedRun
from services.standalone.submit import Submission, Submitted, submit
from tests.e2e.test_language_model_run import draw
from tests.pairmill.adapters.chat.scripted_server import Script
from tests.pairmill.adapters.chat.writing_server import WritingServer

KEY = "sesame-opens-no-other-door"
CHAT = {"model": "seer/1", "concurrency": 8, "backoff_seconds": 0.01, "probe_seconds": 0.01}
ASKED: dict[str, Any] = {"captioning": {"captioner": "llm", "chat": CHAT}}
CAPTIONED = ("IMG_1000", "IMG_1001", "IMG_1002")


class Site:
    """One folder of pictures, one output folder, one server, any number of runs."""

    def __init__(self, root: Path, server: WritingServer) -> None:
        self.root, self.server = root, server
        self.colours = draw(root / "photos")
        for name in CAPTIONED:
            (root / "photos" / f"{name}.txt").write_text(f"{self.colours[name]} badge, by hand")

    def run(self, values: dict[str, Any], until: str = "instruct") -> Submitted:
        """Do a run as far as a stage."""
        config = parse_config({
            "ingest": {"shard_images": 20}, "editing": {"max_images": 0}, **values,
        })  # fmt: skip
        chats = ChatSettings(base_url=self.server.url, api_key=SecretStr(KEY))
        asked = Submission(corpus=str(self.root / "photos"), out=self.root / "mill", config=config)
        submitted = submit(asked, Settings(chat=chats, backoff_seconds=0))
        Conductor(submitted.ports, submitted.graph).run(until=until)
        return submitted


def read(run: Submitted, node: str, data_set: str, kind: type) -> list[Any]:
    commits = CommitLog(run.ports.objects, run.graph.node(node).commits).read_all()
    files = [f for commit in commits for f in commit.files if f.data_set == data_set]
    return list(read_records(run.ports.objects, files, kind))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with WritingServer(Script(seconds=0.005, key=KEY), faulty=True) as server:
        yield Site(tmp_path_factory.mktemp("asked"), server)


@pytest.fixture(scope="module")
def run(site: Site) -> Submitted:
    return site.run(ASKED)


def test_every_picture_without_a_caption_gets_one_by_the_model_or_a_reject(
    site: Site, run: Submitted
) -> None:
    finished = FinishedRun(run.ports, run.graph)
    lost = {r.record_id: r for r in read(run, "caption", "rejects/caption", Reject)}
    assert {r.rule for r in lost.values()} <= {"refused_by_server", "bad_answer"}
    for image, record in finished.catalog.items():
        name = Path(record.keys[0]).stem
        said = finished.machine_captions.get(image)
        assert (said is None) == (name in CAPTIONED or image in lost)
        assert said is None or said.text == f"{site.colours[name]} thing, on white"
    report = build_report(run.ports.objects, run.graph)
    machine = len(finished.catalog) - len(CAPTIONED) - len(lost)
    assert report["captions"] == {"human": 3, "machine": machine, "none": len(lost)}
    assert report["stages"]["caption"]["parts"] == {
        rule: sum(r.rule == rule for r in lost.values()) for rule in {r.rule for r in lost.values()}
    }
    assert machine > 25


def test_the_rules_describe_and_instruct_from_what_the_model_said(run: Submitted) -> None:
    triplets = read(run, "instruct", "written/triplets", Triplet)
    assert triplets
    assert any("on machine captions" in triplet.author for triplet in triplets)
    said = {text for triplet in triplets for text in triplet.instructions}
    assert any(colour in text for text in said for colour in ("red", "green", "blue", "yellow"))
    raw = read(run, "caption", "answers/caption", RawAnswer)
    assert {answer.stage for answer in raw} == {"caption"}


def test_a_run_of_another_seed_shares_the_captions_and_asks_nothing(
    site: Site, run: Submitted
) -> None:
    before = site.server.stages.copy()
    other = site.run(ASKED | {"seed": 5}, until="embed")
    assert other.graph.spec.name != run.graph.spec.name
    assert other.graph.node("embed").commits == run.graph.node("embed").commits
    assert not site.server.stages - before


def test_a_run_by_the_rules_has_no_such_stage_and_asks_nothing(site: Site, run: Submitted) -> None:
    before = site.server.stages.copy()
    plain = site.run({}, until="embed")
    assert "caption" not in {node.name for node in plain.graph.nodes}
    assert plain.graph.node("dedupe").commits == run.graph.node("dedupe").commits
    assert not site.server.stages - before
    with pytest.raises(ConfigError, match="leaves out"):
        site.run({}, until="caption")
