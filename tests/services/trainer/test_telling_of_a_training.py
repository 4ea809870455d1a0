"""A training's facts and words follow from its curve."""

import pytest

from pairmill.models.state import Row, Standing
from services.trainer.telling import facts_of


def row(step: int, composed: float, images: float) -> Row:
    return {"step": step, "phase": "compose", "composed": composed, "image_to_image": images,
            "image_only": 0.1, "text_only": 0.0, "loss_compose": 1.0}  # fmt: skip


def standing(best: int, *rows: Row) -> Standing:
    return Standing(step=int(rows[-1]["step"]), best_step=best, curve=list(rows))


def test_a_gain_is_told_by_kind() -> None:
    facts = facts_of(standing(50, row(0, 0.2, 0.4), row(50, 0.6, 0.36)), "abc", 0.05)
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
    lost = facts_of(standing(0, row(0, 0.2, 0.4), row(50, 0.9, 0.1)), "abc", 0.05)
    assert lost["published"] is False
    assert lost["version"] == "untrained"
    assert "lost too much plain image search" in lost["why"]
    assert "fall by 0.05" in lost["why"]
    none = facts_of(standing(0, row(0, 0.2, 0.4), row(50, 0.1, 0.4)), "abc", 0.05)
    assert "no state of the training validated better" in none["why"]
    assert none["validation"]["trained"] == none["validation"]["untrained"]
