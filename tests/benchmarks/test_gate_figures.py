"""What the benchmark of gates plants and counts, on looks and texts alone; no tower is run."""

from typing import Any

import numpy as np
import pytest

from benchmarks import gates
from benchmarks.gating import planting
from benchmarks.gating.corpus import Case, Corpus, Plan, make_cases, make_plan
from benchmarks.gating.counting import by_form, counts, precision_recall
from benchmarks.gating.planting import answerables, leaks, num_showing
from pairmill.config.gating import GatingConfig
from services.standalone.sample.captions import caption
from services.standalone.sample.looks import differences, value
from services.standalone.sample.seeds import generator

PLAN = make_plan(120, 60)


class Towerless:
    """An encoder without a space: nothing is near anything."""

    spaces = ()


def corpus_of(plan: Plan) -> Corpus:
    every = (*plan.entries, *plan.twins.values())
    said = tuple(caption(entry.look, generator("said", entry.key)) for entry in every)
    none = np.zeros((len(every), 1), np.float32)
    return Corpus(entries=every, num=len(plan.entries), captions=said, features_NF=none,
                  captions_NT=none)  # fmt: skip


CORPUS = corpus_of(PLAN)
NOTHING: Any = Towerless()
CASES: list[Case] = make_cases(PLAN, CORPUS, NOTHING)


def test_precision_and_recall_are_those_of_a_hand_count() -> None:
    said = [(True, True), (True, False), (True, True), (False, True), (False, False)]
    assert precision_recall(said) == (round(2 / 3, 4), round(2 / 3, 4))
    assert counts(said) == {"weighed": 5, "planted": 3, "found": 3}
    assert (precision_recall([]), counts([])) == (
        (0.0, 0.0),
        {"weighed": 0, "planted": 0, "found": 0},
    )


def test_pairs_differ_in_one_attribute_and_every_second_has_a_twin_of_its_target() -> None:
    assert len(CASES) > 50
    for case in CASES:
        assert differences(case.query.look, case.target.look) == [case.task]
        negatives = case.description.pair.negatives
        assert negatives[0] == case.query.key
        if case.planted:
            assert negatives[-1] == case.planted
            assert CORPUS.look(case.planted) == case.target.look
    assert 0.4 < sum(bool(case.planted) for case in CASES) / len(CASES) < 0.6


def test_half_of_the_texts_leak_and_clean_ones_name_nothing_of_the_source() -> None:
    planted = leaks(CASES, CORPUS)
    assert sum(each.fault for each in planted) == len(CASES) == len(planted) / 2
    assert {each.form for each in planted} == {*planting.LEAKS, *planting.CLEAN}
    for each in planted:
        old = value(each.case.query.look, each.case.task)
        if each.case.task == "colour" and not each.fault:
            assert f" {old}" not in f" {each.text}".replace(f"{old} backdrop", ""), each.text


def test_an_answerable_text_fits_few_pictures_and_a_clean_one_many() -> None:
    planted = answerables(CASES, CORPUS, most=10)
    assert {each.form for each in planted} == {"whole", "but_one", "clean"}
    for each in planted:
        look = each.case.target.look
        assert not each.fault or num_showing(CORPUS, look, "") <= 10
    assert num_showing(CORPUS, CASES[0].target.look, "") >= 1


def test_the_gate_over_leaks_does_on_this_sample_what_the_figures_promise() -> None:
    planted = leaks(CASES, CORPUS)
    captions = dict(zip(CORPUS.rows, CORPUS.captions, strict=True))
    found = gates.find_leaks(planted, GatingConfig(), captions)
    precision, recall = precision_recall(zip((p.fault for p in planted), found, strict=True))
    assert min(precision, recall) > 0.85
    assert by_form(planted, found)["clean, plain"] == pytest.approx(0, abs=0.05)


def test_every_figure_has_its_goal() -> None:
    kinds = ("leakage", "answerable", "false_negative")
    assert set(gates.figures_of({kind: [(True, True)] for kind in kinds})) == set(gates.GOALS)
