"""Forty drawn pictures, instructed by a model over HTTP that answers badly every other time: what
it spoils ends as rejects by the rules that it breaks, and nothing is lost or doubled.

What to spoil is drawn by all that the model reads. The judge sees the pictures.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pairmill.config import parse_config
from pairmill.core.gating.tally import Tally
from pairmill.core.prompting.demonstrations import pool
from pairmill.core.records import Reject, Split, Triplet
from pairmill.core.synthesis import PairText, RawAnswer
from pairmill.pipeline.gating import gates_of
from pairmill.settings import ChatSettings, Settings
from services.standalone.conduct import Conductor
from services.standalone.submit import Submission, Submitted, submit
from tests.e2e.test_language_model_run import CHAT, KEY, LLM, commits, digests, draw, read
from tests.pairmill.adapters.chat.scripted_server import Script
from tests.pairmill.adapters.chat.writing_server import WritingServer, colour_of, said_to

GOOD = {"command": "make it {}", "phrase": "the very same thing, only in {}",
        "question": "does this also come in {}?"}  # fmt: skip
COPIED = max((text for texts in pool("en")[0].written["instruct"].values() for text in texts),
             key=len)  # fmt: skip
BAD = {
    "refusal": "I'm sorry, I cannot see the pictures", "copy": COPIED,
    "leakage": "no longer {1}, now {0}", "near_duplicate": "make it {0}, please",
    "too_many_words": "in {0} " + "and so on " * 20, "boilerplate": "Sure, here you are: {0}",
}  # fmt: skip
LEAKING = {"command": "drop the {1} for {0}", "phrase": "{0} all over and never {1}",
           "question": "what is {0} where this was {1}?"}  # fmt: skip
ALL_BAD = "all"
ACTS = (*BAD, ALL_BAD, "", "", "", "")
"""What is done to an answer, drawn by its question."""


class SpoilingServer(WritingServer):
    """Spoils an instruction of every other pair, all of some, and judges by the colours it sees."""

    def say(self, asked: dict[str, Any]) -> str:
        """Answer an instructor or a judge; the rest as ever."""
        contents = [turn["content"] for turn in asked["messages"]]
        wanted = asked["response_format"]["json_schema"]["schema"]["properties"]
        if "verdicts" in wanted:
            return self._verdicts(contents[-1], wanted["verdicts"]["minItems"])
        if "command" not in wanted:
            return said_to(asked)
        return self._written(str(contents[-1]), wanted)

    @staticmethod
    def _written(text: str, wanted: dict[str, Any]) -> str:
        said = text.rpartition("Both: ")[2]
        source, target = re.findall(r"Only the (?:first|second): colour: (\w+)", said)
        pair = hashlib.sha256(text.encode()).digest()
        act = ACTS[pair[0] % len(ACTS)]
        found = {kind: [GOOD[kind].format(target)] for kind in wanted}
        if act == ALL_BAD:
            found = {kind: [LEAKING[kind].format(target, source)] for kind in wanted}
        elif act:
            # a near-duplicate needs the one that it is near to
            kind = "phrase" if act == "near_duplicate" else "command"
            found[kind] = [BAD[act].format(target, source)]
        return json.dumps(found)

    @staticmethod
    def _verdicts(parts: list[dict[str, Any]], num: int) -> str:
        query, candidate = [colour_of(part["image_url"]["url"]) for part in parts
                            if part["type"] == "image_url"]  # fmt: skip
        asked = " ".join(part["text"] for part in parts if part["type"] == "text")
        fits = "yes" if candidate != query and candidate in asked else "no"
        return json.dumps({"verdicts": [{"fits": fits}] * num})


def fault_of(text: str, colours: tuple[str, str]) -> str:
    """Return the rule that a planted text breaks, or nothing for a good one."""
    source, target = colours
    for rule, bad in BAD.items():
        if text == bad.format(target, source).strip():
            return rule
    leaking = (form.format(target, source) for form in LEAKING.values())
    return "leakage" if text in leaking else ""


JUDGED = {"judging": {"judge": "llm", "chat": CHAT}, "answerable": {"height": 9.0}}


class Site:
    """One folder of pictures, one output folder, one server, any number of runs."""

    def __init__(self, root: Path, server: WritingServer) -> None:
        self.root, self.server = root, server
        self.colours = draw(root / "photos")

    def run(self, gating: dict[str, Any], until: str = "split") -> Submitted:
        """Do a run as far as a stage."""
        config = parse_config({
            "ingest": {"shard_images": 20}, "mining": {"shard_pairs": 60},
            "editing": {"max_images": 0}, "gating": gating, **LLM,
        })  # fmt: skip
        chats = ChatSettings(base_url=self.server.url, api_key=SecretStr(KEY))
        asked = Submission(corpus=str(self.root / "photos"), out=self.root / "mill", config=config)
        submitted = submit(asked, Settings(chat=chats, backoff_seconds=0))
        Conductor(submitted.ports, submitted.graph).run(until=until)
        return submitted

    def shown(self, run: Submitted) -> dict[str, str]:
        """Return the colour that each image shows, by id."""
        files = [f for c in commits(run, "dedupe") for f in c.files if f.data_set == "images"]
        return {image.image_id: self.colours[Path(image.keys[0]).stem]
                for image in run.ports.pictures.corpus.records(files)}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with SpoilingServer(Script(seconds=0.005, key=KEY)) as server:
        yield Site(tmp_path_factory.mktemp("gated"), server)


@pytest.fixture(scope="module")
def run(site: Site) -> Submitted:
    return site.run(JUDGED)


def rejects(run: Submitted, unit: str) -> list[Reject]:
    return [r for r in read(run, "gate", "rejects/gate", Reject) if r.unit == unit]


def test_what_was_planted_ends_as_a_reject_with_its_rule_and_nothing_else_does(
    site: Site, run: Submitted
) -> None:
    shown = site.shown(run)
    written = read(run, "instruct", "written/triplets", Triplet)
    planted = Counter(
        (triplet.pair_id, rule)
        for triplet in written for text in triplet.instructions
        if (rule := fault_of(text, (shown[triplet.query_id], shown[triplet.target_id])))
    )  # fmt: skip
    assert {rule for _, rule in planted} == set(BAD)
    assert Counter((r.record_id, r.rule) for r in rejects(run, "instruction")) == planted


def test_every_pair_is_a_triplet_or_a_reject_and_every_text_kept_or_rejected(
    run: Submitted,
) -> None:
    written = read(run, "instruct", "written/triplets", Triplet)
    kept = {t.pair_id: t for t in read(run, "gate", "triplets", Triplet)}
    fallen = Counter(r.record_id for r in rejects(run, "instruction"))
    lost = [r.record_id for r in rejects(run, "pair")]
    assert sorted([*kept, *lost]) == sorted(t.pair_id for t in written)
    assert len(kept) == sum(c.counts.outputs for c in commits(run, "gate")) > 20
    assert len(lost) == len(set(lost)) > 0
    for triplet in written:
        left = kept[triplet.pair_id].instructions if triplet.pair_id in kept else ()
        assert set(left) <= set(triplet.instructions)
        assert len(left) + fallen[triplet.pair_id] == len(triplet.instructions)
    texts = read(run, "gate", "texts", PairText)
    assert Counter((t.pair_id, t.text) for t in texts) == Counter(
        (t.pair_id, text) for t in kept.values() for text in t.instructions
    )


def test_the_judge_drops_negatives_that_show_what_is_asked_for(site: Site, run: Submitted) -> None:
    shown = site.shown(run)
    before = {t.pair_id: t for t in read(run, "instruct", "written/triplets", Triplet)}
    dropped = 0
    for triplet in read(run, "gate", "triplets", Triplet):
        was = before[triplet.pair_id].negatives
        fitting = {image for image in was[1:] if shown[image] == shown[triplet.target_id]}
        assert triplet.negatives == tuple(image for image in was if image not in fitting)
        dropped += len(fitting)
    negatives = rejects(run, "negative")
    assert {r.rule for r in negatives} == {"false_negative"}
    assert len(negatives) == dropped > 0
    raw = read(run, "gate", "answers/judge", RawAnswer)
    assert {(answer.stage, answer.parsed_ok) for answer in raw} == {("judge", True)}


def test_the_facts_add_up_over_shards_and_agree_with_the_rejects(run: Submitted) -> None:
    gates: dict[str, Tally] = gates_of(commits(run, "gate"))
    assert len(commits(run, "gate")) > 1
    for rule in BAD:
        name = "length_words" if rule == "too_many_words" else rule
        fell = sum(r.rule == rule for r in rejects(run, "instruction"))
        assert gates[name].fell.get(rule, 0) == fell
        assert len(gates[name].examples) == min(10, fell)
    num = sum(len(t.instructions) for t in read(run, "instruct", "written/triplets", Triplet))
    assert gates["schema"].seen == gates["length_words"].seen == num
    assert gates["judge"].seen == sum(gates["judge"].bins)


def test_a_rerun_and_a_run_of_another_floor_ask_nothing(site: Site, run: Submitted) -> None:
    before = site.server.stages.copy()
    assert site.run(JUDGED).graph.spec.name == run.graph.spec.name
    other = site.run({**JUDGED, "floor": 0.1})
    assert not site.server.stages - before
    assert digests(other, "gate") == digests(run, "gate")


def test_below_the_floor_nothing_is_trained_and_the_reason_is_told(
    site: Site, run: Submitted
) -> None:
    below = site.run({**JUDGED, "floor": 1.0, "floor_least": 1}, until="train")
    (commit,) = commits(below, "train")
    assert not commit.facts["published"]
    told = re.search(r"kept (\d+) of (\d+) pairs", commit.facts["why"])
    assert told
    assert told[1] == str(len(read(run, "gate", "triplets", Triplet)))
    assert read(below, "split", "splits", Split)
