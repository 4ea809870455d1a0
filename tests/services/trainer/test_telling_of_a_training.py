"""A training's facts and words follow from its curve."""

import pytest

from pairmill.config import TrainingConfig
from pairmill.models.loop import Outcome
from pairmill.models.model import HeadsModel
from pairmill.models.state import Row, Standing
from services.trainer.telling import facts_of
from tests.pairmill.models.toys import data, heads

CONFIG = TrainingConfig(image_tolerance=0.05, unlock_images=77)


def row(step: int, composed: float, images: float) -> Row:
    return {"step": step, "phase": "compose", "composed": composed, "image_to_image": images,
            "image_only": 0.1, "text_only": 0.0, "loss_compose": 1.0}  # fmt: skip


def ended(best: int, *rows: Row, locked: bool = False) -> Outcome:
    standing = Standing(step=int(rows[-1]["step"]), best_step=best, curve=list(rows))
    model = HeadsModel(heads(), data().features, locked=locked)
    return Outcome(model=model, temperature=0.1, standing=standing)


def test_a_gain_is_told_by_kind() -> None:
    facts = facts_of(ended(50, row(0, 0.2, 0.4), row(50, 0.6, 0.36)), "abc", CONFIG)
    assert facts["published"] is True
    assert facts["version"] == "abc"
    assert facts["validation"]["untrained"] == {
        "composed": 0.2, "image_to_image": 0.4, "image_only": 0.1, "text_only": 0.0,
    }  # fmt: skip
    assert facts["validation"]["trained"]["composed"] == 0.6
    assert facts["score"] == {"untrained": pytest.approx(0.3), "trained": pytest.approx(0.48)}
    assert "rose from 0.300 to 0.480" in facts["why"]
    assert "composed 0.200 → 0.600" in facts["why"]
    assert "image_to_image 0.400 → 0.360" in facts["why"]


def test_lost_image_search_is_told_apart_from_no_gain() -> None:
    lost = facts_of(ended(0, row(0, 0.2, 0.4), row(50, 0.9, 0.1)), "abc", CONFIG)
    assert lost["published"] is False
    assert lost["version"] == "untrained"
    assert "lost too much plain image search" in lost["why"]
    assert "fall by 0.05" in lost["why"]
    none = facts_of(ended(0, row(0, 0.2, 0.4), row(50, 0.1, 0.4)), "abc", CONFIG)
    assert "no state of the training validated better" in none["why"]
    assert none["validation"]["trained"] == none["validation"]["untrained"]


def test_that_words_alone_learnt_is_said() -> None:
    rows = row(0, 0.2, 0.4), row(50, 0.6, 0.4)
    facts = facts_of(ended(50, *rows, locked=True), "abc", CONFIG)
    assert facts["locked"] is True
    assert "fewer images than training.unlock_images, 77" in facts["why"]
    assert facts_of(ended(50, *rows), "abc", CONFIG)["locked"] is False


def test_a_last_state_that_lost_is_published_where_that_is_asked_and_said() -> None:
    config = CONFIG.model_copy(update={"publish": "last"})
    facts = facts_of(ended(50, row(0, 0.2, 0.4), row(50, 0.1, 0.3)), "abc", config)
    assert (facts["published"], facts["version"]) == (True, "abc")
    assert "fell from 0.300 to 0.200" in facts["why"]
    assert "the last state is published all the same" in facts["why"]
