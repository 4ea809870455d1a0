"""The judge without a language model, on images whose features are words."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from pairmill.adapters.judge.encoder import EncoderJudge
from pairmill.config.gating import JudgingConfig
from pairmill.core.gating.judging import Trial
from pairmill.ports.judge import Album
from tests.pairmill.adapters.judge.toy_encoder import ToyEncoder, image

PICTURES = {
    "red car": ("a red car", image(car=1, red=1)),
    "blue car": ("a blue car", image(car=1, blue=1)),
    "its twin": ("one blue car", image(car=1, blue=1, noise=0.2)),
    "blue cat": ("a blue cat", image(cat=1, blue=1)),
    "called grey": ("a grey car", image(car=1, blue=1, noise=0.1)),
    "untold": ("", image(car=1, blue=1, noise=0.1)),
    "untold cat": ("", image(car=0.7, cat=0.7, blue=1)),
}
TRIAL = Trial(pair_id="pair", query_id="red car", target_id="blue car",
              instructions=("make it blue", "in blue"), negatives=tuple(PICTURES)[2:])  # fmt: skip


def judge(names: tuple[str, ...] = tuple(PICTURES), **config: Any) -> EncoderJudge:
    album = Album(
        ids=names,
        features_NF=np.array([PICTURES[name][1] for name in names], np.float32),
        captions=tuple(PICTURES[name][0] for name in names),
    )
    encoder: Any = ToyEncoder()
    return EncoderJudge(album, encoder, JudgingConfig(**config))


def fitting(judged: EncoderJudge, trial: Trial = TRIAL) -> list[str]:
    (verdicts,) = judged.judge([trial])
    return [v.image_id for v in verdicts if v.scores and min(v.scores) >= 0.5]


def test_what_looks_and_is_called_alike_fits_and_the_target_always_does() -> None:
    assert fitting(judge()) == ["blue car", "its twin", "untold"]


def test_a_caption_that_contradicts_outweighs_a_like_picture() -> None:
    assert "called grey" in fitting(judge(contrast=1e9))


def test_without_a_caption_the_picture_must_be_nearer() -> None:
    found = fitting(judge(likeness_alone=0.85, margin=2.0))
    assert "untold cat" in found
    assert "untold cat" not in fitting(judge(margin=2.0))


def test_a_composed_query_far_nearer_to_the_target_decides() -> None:
    assert "blue cat" in fitting(judge(margin=2.0, likeness=-1.0, contrast=1e9))
    assert "blue cat" not in fitting(judge(margin=0.1, likeness=-1.0, contrast=1e9))


def test_an_image_without_features_has_a_fault_of_its_own() -> None:
    (verdicts,) = judge(tuple(PICTURES)[:4]).judge([TRIAL])
    assert [v.fault for v in verdicts] == ["", "", "", *["no_features"] * 3]
    (lost,) = judge(tuple(PICTURES)[1:]).judge([TRIAL])
    assert {v.fault for v in lost} == {"no_features"}


def test_scores_are_one_for_each_instruction_and_know_no_order() -> None:
    (verdicts,) = judge().judge([TRIAL])
    assert {len(v.scores) for v in verdicts} == {2}
    turned = Trial(**{**vars(TRIAL), "instructions": TRIAL.instructions[::-1],
                      "negatives": TRIAL.negatives[::-1]})  # fmt: skip
    (others,) = judge(tuple(PICTURES)[::-1]).judge([turned])
    by_id = {v.image_id: v.scores[::-1] for v in others}
    for verdict in verdicts:
        assert by_id[verdict.image_id] == pytest.approx(verdict.scores, abs=1e-5)


@pytest.mark.parametrize("name", ["margin", "contrast"])
def test_a_wider_threshold_never_lets_less_fit(name: str) -> None:
    asked: list[dict[str, Any]] = [{name: value} for value in (0.05, 0.1, 0.5, 1.0, 2.0)]
    found = [set(fitting(judge(**values))) for values in asked]
    assert all(narrow <= wide for narrow, wide in pairwise(found))


def test_no_trial_gives_no_verdict() -> None:
    assert judge().judge([]) == []
    assert judge().author == "encoder/1 on toy"
