"""Forty drawn pictures are described and instructed by a language model over HTTP, under faults.

The server sees the pictures it is sent: a description that names the right colours shows that the
right bytes went out. Its faults are drawn by each question, a few of them for good.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from pydantic import SecretStr

from pairmill.config import parse_config
from pairmill.core.errors import ConfigError
from pairmill.core.records import Description, Pair, Reject, Triplet
from pairmill.core.synthesis import PairText, RawAnswer
from pairmill.core.tables import parquet_rows
from pairmill.pipeline.commit import Commit, CommitLog
from pairmill.pipeline.shard import read_records
from pairmill.settings import ChatServer, ChatSettings, Settings
from services.standalone.conduct import Conductor
from services.standalone.submit import Submission, Submitted, submit
from tests.pairmill.adapters.chat.scripted_server import Script
from tests.pairmill.adapters.chat.writing_server import COLOURS, WritingServer

KEY = "sesame-opens-no-other-door"
CHAT = {"model": "seer/1", "concurrency": 8, "backoff_seconds": 0.01, "probe_seconds": 0.01}
LLM: dict[str, dict[str, Any]] = {
    "describing": {"describer": "llm", "chat": CHAT},
    "instructing": {"instructor": "llm", "chat": CHAT},
}


def draw(folder: Path) -> dict[str, str]:
    """Draw forty discs and boxes; return the colour of each, by key."""
    folder.mkdir()
    colours = {}
    for number in range(40):
        name = list(COLOURS)[number % 4]
        picture = Image.new("RGB", (64, 64), "white")
        pen = ImageDraw.Draw(picture)
        corners = (8, 8, 36 + number // 2, 36 + number // 2)
        (pen.ellipse if number % 8 < 4 else pen.rectangle)(corners, COLOURS[name])
        colours[f"IMG_{1000 + number}"] = name
        picture.save(folder / f"IMG_{1000 + number}.png")
    return colours


@dataclass
class Site:
    """One folder of pictures, one output folder, one server, any number of runs."""

    root: Path
    server: WritingServer
    colours: dict[str, str] = field(default_factory=dict)

    def run(self, values: dict[str, Any], chats: ChatSettings | None = None) -> Submitted:
        """Do a run up to its triplets."""
        config = parse_config({
            "ingest": {"shard_images": 20}, "mining": {"shard_pairs": 60}, "editing":
            {"max_images": 0}, **values,
        })  # fmt: skip
        chats = chats or ChatSettings(base_url=self.server.url, api_key=SecretStr(KEY))
        asked = Submission(corpus=str(self.root / "photos"), out=self.root / "mill", config=config)
        submitted = submit(asked, Settings(chat=chats, backoff_seconds=0))
        Conductor(submitted.ports, submitted.graph).run(until="instruct")
        return submitted

    def asked(self, values: dict[str, Any]) -> tuple[Submitted, Counter[str]]:
        """Do a run; return it and the requests that it took, by stage."""
        before = self.server.stages.copy()
        return self.run(values), self.server.stages - before


def commits(run: Submitted, node: str) -> list[Commit]:
    log = CommitLog(run.ports.objects, run.graph.node(node).commits)
    return list(log.read_all())


def read(run: Submitted, node: str, data_set: str, kind: type) -> list[Any]:
    files = [f for c in commits(run, node) for f in c.files if f.data_set == data_set]
    return list(read_records(run.ports.objects, files, kind))


def digests(run: Submitted, node: str) -> list[tuple[str, str]]:
    """All that a node committed, but where it lies."""
    return [(file.data_set, file.sha256) for c in commits(run, node) for file in c.files]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("language")
    with WritingServer(Script(seconds=0.01, key=KEY), faulty=True) as server:
        yield Site(root, server, draw(root / "photos"))


@pytest.fixture(scope="module")
def run(site: Site) -> Submitted:
    return site.run(LLM)


def test_every_pair_ends_as_a_triplet_or_a_reject_none_twice_and_none_lost(run: Submitted) -> None:
    pairs = [pair.pair_id for pair in read(run, "select", "pairs", Pair)]
    described = [d.pair.pair_id for d in read(run, "describe", "descriptions", Description)]
    undescribed = [r.record_id for r in read(run, "describe", "rejects/describe", Reject)]
    assert sorted(described + undescribed) == sorted(pairs)
    triplets = [t.pair_id for t in read(run, "instruct", "written/triplets", Triplet)]
    unwritten = [r.record_id for r in read(run, "instruct", "rejects/instruct", Reject)]
    assert sorted(triplets + unwritten) == sorted(described)
    assert len(set(pairs)) == len(pairs) > 100
    assert len(commits(run, "describe")) > 1


def test_the_model_saw_the_right_pictures_and_only_what_it_refused_is_missing(
    site: Site, run: Submitted
) -> None:
    shown = {
        image.image_id: site.colours[Path(image.keys[0]).stem]
        for image in run.ports.pictures.corpus.records(
            [f for c in commits(run, "dedupe") for f in c.files if f.data_set == "images"]
        )
    }
    described = read(run, "describe", "descriptions", Description)
    for one in described:
        assert one.only_query == (f"colour: {shown[one.pair.query_id]}",)
        assert one.only_target == (f"colour: {shown[one.pair.target_id]}",)
    rejects = read(run, "describe", "rejects/describe", Reject)
    rules = {r.rule for r in rejects}
    assert {"nothing_differs", "refused_by_server"} <= rules
    assert rules <= {"nothing_differs", "refused_by_server", "bad_answer"}
    assert len(described) > 20
    alike = {r.record_id for r in rejects if r.rule == "nothing_differs"}
    pairs = read(run, "select", "pairs", Pair)
    assert alike <= {p.pair_id for p in pairs if shown[p.query_id] == shown[p.target_id]}
    refused = [r for node in ("describe", "instruct")
               for r in read(run, node, f"rejects/{node}", Reject)
               if r.rule == "refused_by_server"]  # fmt: skip
    assert len(refused) == len(site.server.refused) > 0


def test_triplets_say_who_wrote_them_and_raw_answers_and_texts_lie_beside(run: Submitted) -> None:
    triplets = read(run, "instruct", "written/triplets", Triplet)
    assert triplets
    assert all("seer/1 by describe" in t.author and "instructor seer/1" in t.author
               for t in triplets)  # fmt: skip
    assert not any("machine captions" in t.author for t in triplets)  # which the model never read
    texts = read(run, "instruct", "written/texts", PairText)
    assert {(t.pair_id, t.text) for t in texts} == {
        (triplet.pair_id, text) for triplet in triplets for text in triplet.instructions
    }
    assert {text.kind for text in texts} == {"command", "phrase", "question"}
    for node, outputs in (("describe", "descriptions"), ("instruct", "triplets")):
        files = [f for c in commits(run, node) for f in c.files if f.data_set == f"answers/{node}"]
        rows = [row for f in files for row in parquet_rows(run.ports.objects.get(f.key))]
        assert not {"seconds", "requests"} & set(rows[0])
        assert {row["stage"] for row in rows} == {node}
        assert {row["fault"] for row in rows if not row["parsed_ok"]} >= {"refused_by_server"}
        good = sum(c.counts.outputs for c in commits(run, node))
        assert sum(row["parsed_ok"] for row in rows) >= good, outputs


def test_the_server_is_kept_busy_and_the_key_is_kept_nowhere(site: Site, run: Submitted) -> None:
    assert site.server.most_in_flight == CHAT["concurrency"]
    for path in (site.root / "mill").rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path


def test_started_again_nothing_is_asked(site: Site, run: Submitted) -> None:
    again, requests = site.asked(LLM)
    assert again.graph.spec.name == run.graph.spec.name
    assert not requests


def test_another_run_asks_only_what_was_refused_and_gives_equal_bytes(
    site: Site, run: Submitted
) -> None:
    faster = {"describing": {"describer": "llm", "chat": {**CHAT, "concurrency": 16}}}
    other, requests = site.asked(LLM | faster | {"training": {"compose_steps": 7}})
    assert other.graph.spec.name != run.graph.spec.name
    assert requests.total() == len(site.server.refused)
    for node in ("describe", "instruct"):
        assert digests(other, node) == digests(run, node)


def test_what_only_instructing_reads_asks_only_it(site: Site, run: Submitted) -> None:
    refused = sum(r.rule == "refused_by_server"
                  for r in read(run, "describe", "rejects/describe", Reject))  # fmt: skip
    fewer = {"instructing": LLM["instructing"] | {"demonstrations": 3}}
    other, requests = site.asked(LLM | fewer)
    assert digests(other, "describe") == digests(run, "describe")
    assert requests["describe"] == refused
    assert requests["instruct"] >= len(read(other, "describe", "descriptions", Description))


def test_the_rules_write_from_what_the_model_saw(site: Site, run: Submitted) -> None:
    mixed, requests = site.asked({"describing": LLM["describing"]})
    assert requests["instruct"] == 0
    triplets = read(mixed, "instruct", "written/triplets", Triplet)
    assert triplets
    assert all(t.author.endswith("instructor rules/1") and "seer/1" in t.author for t in triplets)
    assert {f.data_set for c in commits(mixed, "instruct") for f in c.files} <= {
        "written/triplets", "rejects/instruct"
    }  # fmt: skip


def test_the_model_writes_from_what_the_rules_described(site: Site) -> None:
    mixed, requests = site.asked({"instructing": LLM["instructing"]})
    assert requests["describe"] == 0
    triplets = read(mixed, "instruct", "written/triplets", Triplet)
    assert triplets
    assert all(t.author.startswith("describer rules/1 on machine captions, instructor seer/1 by")
               for t in triplets)  # fmt: skip
    assert not read(mixed, "describe", "answers/describe", RawAnswer)


def test_each_stage_may_have_a_server_of_its_own(site: Site) -> None:
    with WritingServer() as other:
        chats = ChatSettings(
            base_url=site.server.url, api_key=SecretStr(KEY),
            instruct=ChatServer(base_url=other.url),
        )  # fmt: skip
        before = site.server.stages.copy()
        scribe = {"instructing": {"instructor": "llm", "chat": CHAT | {"model": "scribe/2"}}}
        site.run(LLM | scribe, chats)
        assert set(other.stages) == {"instruct"}
        assert not (site.server.stages - before)["instruct"]
        assert all("authorization" not in heard.headers for heard in other.heard)


def test_a_key_without_its_address_goes_nowhere(site: Site) -> None:
    with WritingServer() as stranger:
        chat = CHAT | {"base_url": stranger.url, "model": "stranger/3"}
        with pytest.raises(ConfigError, match="PAIRMILL_CHAT__BASE_URL"):
            site.run({"describing": {"describer": "llm", "chat": chat}},
                     ChatSettings(api_key=SecretStr(KEY)))  # fmt: skip
        assert not stranger.asked
