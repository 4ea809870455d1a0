"""gate on one pair of cars: what falls is a reject with its rule, what stays is as it was."""

from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pairmill.config import RunConfig
from pairmill.core.gating.census import Census
from pairmill.core.gating.judging import Trial, Verdict
from pairmill.core.prompting.demonstrations import pool
from pairmill.core.records import Triplet
from pairmill.core.synthesis import COMPOSED, PairText, RawAnswer
from pairmill.pipeline.gating import gates_of
from pairmill.ports.judge import Album, Judge
from tests.services.gatekeeper.bench import Bench, committed

GOOD = ["make it blue", "the same one, but in blue"]
LONG = "in blue " + "and so on " * 20
COPIED = max((text for texts in pool("en")[0].written["instruct"].values() for text in texts),
             key=len)  # fmt: skip
CALM: dict[str, Any] = {"answerable": {"rank": 0, "share": 0}}
"""No rank is too good."""


def one(bench: Bench, **gating: Any) -> tuple[Triplet, list[tuple[str, str]]]:
    out, counts = bench.gate(**{**CALM, **gating})
    assert (counts.inputs, counts.outputs) == (1, 1)
    (triplet,) = bench.read(out, "triplets", Triplet)
    return triplet, bench.rejects(out, "instruction")


@pytest.mark.parametrize(
    ("bad", "rule", "value"),
    [
        (LONG, "too_many_words", "62 words"),
        ("blue", "too_few_words", "1 words"),
        ("I'm sorry, I cannot see the images", "refusal", "i m sorry"),
        ("Sure, here you go: make it blue", "boilerplate", "sure here"),
        ("make it blue, not red", "leakage", "red"),
        ("машина синего цвета, пожалуйста", "wrong_script", "en: 0.00"),
        ("please make it blue", "near_duplicate", "0.75: make it blue"),
        ("what is shown here?", "aimless", "lead 0.00"),
        (COPIED, "copy", ""),
    ],
)
def test_a_bad_instruction_falls_alone_by_its_rule(
    tmp_path: Path, bad: str, rule: str, value: str
) -> None:
    triplet, fallen = one(Bench(tmp_path, {"pair": [GOOD[0], bad, GOOD[1]]}))
    if rule == "near_duplicate":  # which of two stays is drawn by a hash
        assert [name for name, _ in fallen] == [rule]
        assert len(triplet.instructions) == 2
        return
    assert triplet.instructions == tuple(GOOD)
    ((name, told),) = fallen
    assert name == rule
    assert told.startswith(value)
    assert bad[:20] in told


def test_what_stays_keeps_its_order_its_author_and_full_weight(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"pair": GOOD})
    out, counts = bench.gate(**CALM)
    assert bench.read(out, "triplets", Triplet) == bench.triplets
    assert [text.text for text in bench.read(out, "texts", PairText)] == GOOD
    assert (counts.rejects, counts.parts) == ({}, {})


def test_what_rules_wrote_beside_a_model_passes_by_unless_all_authors_are_weighed(
    tmp_path: Path,
) -> None:
    ruled = "rules: no red"
    triplet, fallen = one(Bench(tmp_path, {"pair": [ruled, "red is gone", GOOD[0]]}))
    assert triplet.instructions == (ruled, GOOD[0])
    assert fallen == [("leakage", "red: red is gone")]
    triplet, _ = one(Bench(tmp_path, {"pair": [ruled, "red is gone", GOOD[0]]}), authors="all")
    assert triplet.instructions == (GOOD[0],)


def test_a_pair_that_keeps_too_few_is_a_reject_by_the_rule_that_took_most(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"pair": ["no red here", "red is gone", LONG], "other": GOOD})
    out, counts = bench.gate(**CALM)
    assert (counts.inputs, counts.outputs, counts.rejects) == (2, 1, {"leakage": 1})
    assert counts.parts == {"leakage": 2, "too_many_words": 1}
    assert bench.rejects(out, "pair") == [("leakage", "0 of 3 kept, wanted 1; red")]
    assert [t.pair_id for t in bench.read(out, "triplets", Triplet)] == ["other"]
    assert {t.pair_id for t in bench.read(out, "texts", PairText)} == {"other"}
    _, counts = bench.gate(**CALM, min_kept=3)
    assert counts.rejects == {"leakage": 1, "nothing_written": 1}


def test_a_text_that_finds_the_target_alone_falls_or_weighs_less(tmp_path: Path) -> None:
    """Of six images two are blue cars, and one of these only the caption space knows apart."""
    bench = Bench(tmp_path, {"pair": ["show a blue car", "another colour please"]})
    bar = {"rank": 2, "share": 0, "height": 1.0}
    out, counts = bench.gate(answerable=bar, least_lead=-9)
    (triplet,) = bench.read(out, "triplets", Triplet)
    assert triplet.instructions == ("another colour please",)
    ((rule, value),) = bench.rejects(out, "instruction")
    assert rule == "answerable"
    assert value.startswith("rank 1 of 6, height ")
    out, counts = bench.gate(answerable={**bar, "action": "weight", "weight": 0.5}, least_lead=-9)
    (triplet,) = bench.read(out, "triplets", Triplet)
    assert (counts.parts, triplet.weights) == ({}, (0.5, 1.0))
    assert gates_of(committed(out))["answerable"].lighter == 1


def test_a_negative_that_fits_is_dropped_or_kept_with_its_score(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"pair": GOOD})
    out, counts = bench.gate(**CALM, judging={"judge": "encoder"})
    (triplet,) = bench.read(out, "triplets", Triplet)
    assert triplet.negatives == ("q", "cat")
    assert counts.parts == {"false_negative": 1}
    tally = gates_of(committed(out))["negatives"]
    assert (tally.seen, tally.fell) == (2, {"false_negative": 1})
    assert [example.image for example in tally.examples] == ["twin"]
    out, counts = bench.gate(**CALM, judging={"judge": "encoder", "negatives": "soft"})
    (triplet,) = bench.read(out, "triplets", Triplet)
    assert (triplet.negatives, counts.parts) == (("q", "twin", "cat"), {})
    query, twin, cat = triplet.scores
    assert query == 0 <= cat < 0.5 <= twin <= 1


class Stern:
    """A judge that takes one instruction for wrong, and cannot see the cat."""

    author = "stern/1"

    def judge(self, trials: Sequence[Trial]) -> list[tuple[Verdict, ...]]:
        return [verdicts for _, verdicts in self.each(trials)]

    def each(self, trials: Iterable[Trial]) -> Generator[tuple[Trial, tuple[Verdict, ...]]]:
        for trial in trials:
            yield trial, tuple(
                Verdict(image_id=image, fault="no_answer: away") if image == "cat" else
                Verdict(image_id=image, scores=tuple(
                    0.9 if (text == GOOD[0]) == (image == "t") else 0.1
                    for text in trial.instructions
                ))
                for image in trial.candidates
            )  # fmt: skip

    def take_raw(self) -> tuple[RawAnswer, ...]:
        return (raw("judge", "{}", ok=True),)


def raw(stage: str, text: str, *, ok: bool, pair_id: str = "pair") -> RawAnswer:
    return RawAnswer(ask_digest=stage + pair_id, stage=stage, record_id=pair_id, model="m",
                     prompt_version="p", seed=0, text=text, parsed_ok=ok,
                     fault="" if ok else "not_json")  # fmt: skip


def test_a_judge_s_no_to_an_instruction_makes_no_false_negative_of_its_negatives(
    tmp_path: Path,
) -> None:
    seen: list[Album] = []

    def opened(album: Album) -> Judge:
        seen.append(album)
        return Stern()

    bench = Bench(tmp_path, {"pair": GOOD})
    judging = {"judge": "llm", "chat": {"model": "seer/1"}}
    out, _ = bench.gate(opened, **CALM, judging=judging)
    (triplet,) = bench.read(out, "triplets", Triplet)
    assert triplet.instructions == (GOOD[0],)
    assert triplet.negatives == ("q", "twin")  # the fallen instruction alone would have taken it
    assert bench.rejects(out, "instruction") == [("judge_no", f"0.10: {GOOD[1]}")]
    assert bench.rejects(out, "negative") == [("unjudged", "no_answer: away")]
    assert [each.stage for each in bench.read(out, "answers/judge", RawAnswer)] == ["judge"]
    assert set(seen[0].records) >= {"q", "t", "twin", "cat"}


def test_what_the_rules_wrote_passes_untouched_unless_all_are_weighed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"pair": ["make it blue, not red", *GOOD]}, typed=False)
    out, counts = bench.gate_as(RunConfig())
    assert bench.read(out, "triplets", Triplet) == bench.triplets
    assert out.facts == {"gates": {}, "unreadable": 0}
    (ours,) = [file for file in out.files if file.data_set == "triplets"]
    (theirs,) = [f for f in bench.commits["instruct"][0].files if f.data_set == "written/triplets"]
    assert ours.sha256 == theirs.sha256
    every = RunConfig.model_validate({"gating": {"authors": "all", **CALM}})
    _, counts = bench.gate_as(every)
    assert counts.parts == {"leakage": 1}


def test_facts_tell_of_every_gate_what_it_saw_and_took(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"pair": [*GOOD, LONG]})
    bench.described.append(bench.described[0])
    bench.answered(raw("instruct", "gibberish", ok=False), raw("instruct", "", ok=False))
    out, _ = bench.gate(**CALM)
    gates = gates_of(committed(out))
    assert list(gates) == ["schema", "length_words", "length_chars", "language", "refusal",
                           "boilerplate", "copy", "leakage", "near_duplicate",
                           "answerable", "aimless"]  # fmt: skip
    assert (gates["schema"].seen, gates["schema"].fell) == (4, {"not_json": 1})
    words = gates["length_words"]
    assert (words.seen, words.fell, sum(words.bins)) == (3, {"too_many_words": 1}, 3)
    assert [gates[name].seen for name in ("length_chars", "answerable")] == [2, 2]
    census = {name: Census.from_parts(parts) for name, parts in out.facts["census"].items()}
    assert (census["written"].num_texts, census["kept"].num_texts) == (3, 2)
    assert census["kept"].tasks == {COMPOSED: 2}
    assert out.facts["unreadable"] == 0


def test_an_empty_shard_still_writes_its_files(tmp_path: Path) -> None:
    out, counts = Bench(tmp_path, {}).gate(judging={"judge": "encoder"})
    assert (counts.inputs, counts.outputs) == (0, 0)
    assert {file.data_set: file.num_rows for file in out.files} == {"triplets": 0, "texts": 0}
