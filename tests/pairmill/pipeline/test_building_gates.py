"""The gates as configured, judged on the pool of demonstrations: good texts, written by hand."""

from collections.abc import Iterator, Mapping

import pytest

from pairmill.config.gating import AnswerableConfig, GatingConfig, JudgingConfig
from pairmill.core.gating.answerable import Place
from pairmill.core.gating.findings import Finding
from pairmill.core.gating.sieve import begin, sift
from pairmill.core.prompting.demonstrations import INSTRUCT, RELATE, TELL, Demonstration, pool
from pairmill.core.records import Description, Pair
from pairmill.core.synthesis import COMPOSED, IMAGE_TO_IMAGE, TEXT_TO_IMAGE, Written
from pairmill.pipeline.gating import Ranked, judge_gates, rank_gates, shown_to_writers, text_gates

TASKS: Mapping[str, str] = {INSTRUCT: COMPOSED, TELL: TEXT_TO_IMAGE, RELATE: IMAGE_TO_IMAGE}


def description_of(one: Demonstration, pair_id: str) -> Description:
    pair = Pair(pair_id=pair_id, query_id="q", target_id="t", relations=(), negatives=("q",))
    return Description(pair=pair, shared=one.shared, only_query=one.only_query,
                       only_target=one.only_target, text=one.text, author="hand")  # fmt: skip


def texts_of(one: Demonstration, language: str) -> Iterator[Written]:
    for ask, task in TASKS.items():
        for kind, texts in one.written[ask].items():
            for text in texts:
                yield Written(text=text, kind=kind, language=language, task=task)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_written_by_hand_falls_by_any_gate(language: str) -> None:
    """Each demonstration against all the others, as if they had been shown."""
    every = pool(language)
    for number, one in enumerate(every):
        others = [text.text for other in every if other is not one
                  for text in texts_of(other, language)]  # fmt: skip
        start = begin(description_of(one, str(number)), list(texts_of(one, language)))
        fallen = sift(start, text_gates(GatingConfig(), others)).fallen
        assert [(each.gate, each.text, each.finding.value) for each in fallen] == [], one.about


def test_a_demonstration_told_again_for_another_pair_falls() -> None:
    first, second = pool("en")[:2]
    longest = max((text for text in texts_of(first, "en")), key=lambda text: len(text.text))
    gates = text_gates(GatingConfig(), shown_to_writers(["en"]))
    (fallen,) = sift(begin(description_of(second, "pair"), [longest]), gates).fallen
    assert fallen.gate == "copy"


def test_gates_that_are_off_are_not_built_and_the_rest_keep_their_order() -> None:
    every = [gate.name for gate in text_gates(GatingConfig(), ())]
    assert every == ["length_words", "length_chars", "language", "refusal", "boilerplate", "copy",
                     "leakage", "near_duplicate"]  # fmt: skip
    some = GatingConfig(skip=("copy", "language", "answerable", "aimless", "judge"))
    assert [gate.name for gate in text_gates(some, ())] == [
        name for name in every if name not in ("copy", "language")
    ]
    nothing = Ranked(places={}, leads={}, num_gallery=9)
    assert (rank_gates(some, nothing), judge_gates(some, {})) == ((), ())
    assert [g.name for g in rank_gates(GatingConfig(), nothing)] == ["answerable", "aimless"]


def test_the_judge_s_gate_waits_for_a_judge() -> None:
    targets = {("pair", "in red"): Finding(measure=1.0, value="1.00")}
    assert judge_gates(GatingConfig(), targets) == ()
    (gate,) = judge_gates(GatingConfig(judging=JudgingConfig(judge="llm", least=0.7)), targets)
    assert gate.threshold == 0.7


def test_thresholds_of_ranks_come_from_the_configuration() -> None:
    config = GatingConfig(
        answerable=AnswerableConfig(rank=2, height=0.0, action="weight", weight=0.5)
    )
    found = Ranked(places={("pair", "in red"): Place(rank=2, height=1.0)},
                   leads={("pair", "in red"): 0.2}, num_gallery=100)  # fmt: skip
    known, aimed = rank_gates(config, found)
    text = Written(text="in red", kind="phrase", language="en")
    description = description_of(pool("en")[0], "pair")
    assert (known.threshold, known.weigh(description, [text])[0].weight) == (2, 0.5)
    assert (aimed.threshold, aimed.weigh(description, [text])[0].rule) == (0.25, "aimless")
