"""Every describer that the suite judges: a new adapter adds one line to DESCRIBERS."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pairmill.adapters.describer.llm import ChatDescriber
from pairmill.adapters.describer.rules import RulesDescriber
from pairmill.config import DescribingConfig
from pairmill.core.ids import image_id, pair_id
from pairmill.core.records import Caption, ImageRecord, Pair, Relation
from pairmill.ports.describer import Describer, PairView
from tests.pairmill.adapters.chat.writing_model import asker_of, pictures


def image_of(caption: str) -> ImageRecord:
    """Return a record with one caption, or with none."""
    captions = (Caption(kind="table", text=caption),) if caption else ()
    return ImageRecord(image_id=image_id(caption.encode()), keys=(caption,), captions=captions)


def view_of(query: str, target: str) -> PairView:
    """Return a pair of two captioned images."""
    one, other = image_of(query), image_of(target)
    pair = Pair(
        pair_id=pair_id(one.image_id, other.image_id),
        query_id=one.image_id,
        target_id=other.image_id,
        relations=(Relation(space="caption", rank=1, score=0.9),),
        negatives=(one.image_id,),
    )
    return PairView(pair=pair, query=one, target=other)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A describer's maker, pairs that it describes, and one that it must reject by rule."""

    make: Callable[[], Describer]
    good: tuple[PairView, ...]
    bad: PairView
    rule: str


GOOD = (
    view_of("a red apple on a table", "a green apple on a table"),
    view_of("man mechanic, flat drawing", "woman mechanic, flat drawing"),
    view_of("taco, 3D render", "sushi, 3D render"),
)

DESCRIBERS = {
    "rules": Case(
        make=lambda: RulesDescriber(DescribingConfig(), 0),
        good=GOOD,
        bad=view_of("a house", ""),
        rule="no_text",
    ),
    "llm": Case(
        make=lambda: ChatDescriber(asker_of()[0], pictures, DescribingConfig(captions=True), 0),
        good=GOOD,
        bad=view_of("a house", ""),
        rule="source_missing",
    ),
}


@pytest.fixture(params=DESCRIBERS)
def case(request: pytest.FixtureRequest) -> Case:
    """One describer with what it is to be tried on."""
    return DESCRIBERS[request.param]
