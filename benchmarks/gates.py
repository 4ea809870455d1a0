"""Plant faults where the truth is known, and count which of them the gates find.

Needs nothing but the packages. Drawn pictures of scenes that the shipped head never saw; truth is
their looks, and gates see captions, descriptions that the rules make of captions, and features of
pixels. Leaks: one text a pair names what only the source has (as its caption says it, in another
form, turned round, negated), one does not. Answerable: one names the whole target, or all but one
attribute, one only what changes. False negatives: among the mined negatives of every second pair
stands the target's look, drawn anew; the judge is the local one, without a language model. Its
thresholds were chosen on pictures of other seeds; how each of its parts does alone is in the
details.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.gating.corpus import Case, Corpus, draw_corpus, make_cases, make_plan
from benchmarks.gating.counting import Said, by_form, counts, precision_recall, told_wrongly
from benchmarks.gating.planting import Planted, answerables, leaks
from benchmarks.photos.features import shipped_encoder
from pairmill.adapters.judge.encoder import EncoderJudge
from pairmill.config.gating import GatingConfig, JudgingConfig
from pairmill.core.gating.answerable import Space, find_places, weigh_place
from pairmill.core.gating.judging import Trial, weigh_negative
from pairmill.core.gating.leaks import source_stems, weigh_leak
from pairmill.models.retriever import Retriever
from pairmill.pipeline.gating import bar_of
from pairmill.ports.encoder import Encoder
from pairmill.ports.judge import Album
from services.standalone.sample.instructions import instruction
from services.standalone.sample.seeds import generator

GOALS = {
    f"{fault}_{measure}": "≥ 0.9"
    for fault in ("leakage", "answerable", "false_negative")
    for measure in ("precision", "recall")
}
NUM = int(os.environ.get("PAIRMILL_BENCH_GATES", 1000))
"""Pictures besides the twins, and pairs at most; smaller to try it."""
Figures = dict[str, float]
Captions = Mapping[str, str]
ANY = {"margin": 2.0, "likeness": -1.0, "likeness_alone": -1.0, "contrast": 1e9}
"""Thresholds that let everything fit."""


def measure() -> tuple[Figures, dict[str, Any]]:
    """Return the figures and, by form of fault, what they are made of."""
    encoder, config = shipped_encoder(), GatingConfig()
    planned = make_plan(NUM, NUM)
    corpus = draw_corpus(planned, encoder)
    cases = make_cases(planned, corpus, encoder)
    captions = dict(zip(corpus.rows, corpus.captions, strict=True))
    leaking = leaks(cases, corpus)
    whole = answerables(cases, corpus, config.answerable.rank)
    texts = {
        "leakage": (leaking, find_leaks(leaking, config, captions)),
        "answerable": (whole, find_answerable(whole, corpus, encoder, config)),
    }
    said = {name: list(zip([each.fault for each in planted], found, strict=True))
            for name, (planted, found) in texts.items()}  # fmt: skip
    judge = EncoderJudge(corpus.album, encoder, config.judging)
    said["false_negative"] = find_false(cases, corpus, judge, config.judging.least)
    return figures_of(said), {
        "pictures": len(corpus.entries),
        "pairs": len(cases),
        "counts": {name: counts(pairs) for name, pairs in said.items()},
        "taken_by_form": {name: by_form(*part) for name, part in texts.items()},
        "told_wrongly": {name: told_wrongly(*part) for name, part in texts.items()},
        "leakage_by_descriptions_alone": precision_recall(
            zip((each.fault for each in leaking), find_leaks(leaking, config, {}), strict=True)
        ),
        "parts_of_the_judge_alone": judge_parts(cases, corpus, encoder, config.judging),
    }


def figures_of(said: Mapping[str, Sequence[Said]]) -> Figures:
    """Return precision and recall of each kind of fault."""
    found = {}
    for name, pairs in said.items():
        found[f"{name}_precision"], found[f"{name}_recall"] = precision_recall(pairs)
    return found


def find_leaks(planted: Sequence[Planted], config: GatingConfig, captions: Captions) -> list[bool]:
    """Return which texts the gate over leaks takes. captions: of targets, by key."""
    return [
        not weigh_leak(
            each.text,
            source_stems(each.case.description, captions.get(each.case.target.key, "")),
            config.leaked_words,
        ).kept
        for each in planted
    ]


def find_answerable(
    planted: Sequence[Planted], corpus: Corpus, encoder: Encoder, config: GatingConfig
) -> list[bool]:
    """Return which texts the gate over answerable ones takes, in the run's own spaces."""
    head = Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id)
    texts_MT = encoder.text_features([each.text for each in planted])
    joint = Space(texts_MD=head.embed_texts(texts_MT),
                  images_ND=head.embed_images(corpus.features_NF))  # fmt: skip
    told = Space(texts_MD=encoder.project("caption", texts_MT),
                 images_ND=encoder.project("caption", corpus.captions_NT))  # fmt: skip
    targets = [corpus.rows[each.case.target.key] for each in planted]
    bar, num = bar_of(config.answerable), len(corpus.entries)
    return [not weigh_place(place, num, bar).kept for place in find_places([joint, told], targets)]


def trial_of(case: Case) -> Trial:
    """Return what is judged of a case: one instruction in the sample's own wording."""
    pair = case.description.pair
    draw = generator("judged", case.query.key, case.target.key)
    return Trial(
        pair_id=pair.pair_id, query_id=pair.query_id, target_id=pair.target_id,
        instructions=(instruction(case.task, case.target.look, draw),),
        negatives=pair.negatives[1:],
    )  # fmt: skip


def find_false(
    cases: Sequence[Case], corpus: Corpus, judge: EncoderJudge, least: float
) -> list[Said]:
    """Return of each negative whether it is of the target's look, and whether the judge held it to
    be what was asked for."""
    found = judge.judge([trial_of(case) for case in cases])
    return [
        (corpus.look(verdict.image_id) == case.target.look, not weigh_negative(verdict, least).kept)
        for case, verdicts in zip(cases, found, strict=True)
        for verdict in verdicts[1:]
    ]


def judge_parts(
    cases: Sequence[Case], corpus: Corpus, encoder: Encoder, config: JudgingConfig
) -> dict[str, tuple[float, float]]:
    """Return precision and recall of the judge's parts: each alone, and all without captions."""
    alone = {
        "composed_cosine": {"margin": config.margin},
        "composed_cosine_within_0.01": {"margin": 0.01},
        "pictures": {"likeness": config.likeness_alone},
        "words": {"contrast": config.contrast},
    }
    parts = {
        name: EncoderJudge(corpus.album, encoder, config.model_copy(update=ANY | own))
        for name, own in alone.items()
    }
    silent: Album = replace(corpus.album, captions=("",) * len(corpus.entries))
    parts["without_captions"] = EncoderJudge(silent, encoder, config)
    return {name: precision_recall(find_false(cases, corpus, judge, config.least))
            for name, judge in parts.items()}  # fmt: skip
