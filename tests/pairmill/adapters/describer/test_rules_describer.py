"""What only the rules must do: heed the config, and keep pace on real captions."""

import json
import random
import tarfile
import time
from pathlib import Path

import pytest

from pairmill.adapters.describer.rules import RulesDescriber
from pairmill.adapters.instructor.rules import RulesInstructor
from pairmill.config import DescribingConfig, InstructingConfig
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id, pair_id
from pairmill.core.records import Caption, Description, ImageRecord, Pair
from pairmill.ports.describer import PairView


def read_emoji(corpora: Path) -> list[ImageRecord]:
    """Return the records of the first train shard, captions and attributes as the corpus has."""
    records = []
    with tarfile.open(corpora / "fluent-emoji" / "train-000.tar") as tar:
        for member in tar:
            if member.name.endswith(".json"):
                fields = json.load(tar.extractfile(member))  # type: ignore[arg-type]
                records.append(record_of(member.name[:-5], fields))
    return records


def record_of(key: str, fields: dict[str, object]) -> ImageRecord:
    attributes = {
        name: tuple(map(str, value)) if isinstance(value, list) else (str(value),)
        for name, value in fields.items()
        if name != "caption"
    }
    return ImageRecord(
        image_id=image_id(key.encode()),
        keys=(key,),
        captions=(Caption(kind="tar", text=str(fields["caption"])),),
        attributes=attributes,
    )


def some_pairs(records: list[ImageRecord], count: int) -> list[PairView]:
    """Return pairs of neighbours in the listing, which often share concept, tone or style."""
    draw = random.Random(0)
    views = []
    for _ in range(count):
        i = draw.randrange(len(records) - 12)
        query, target = records[i], records[i + draw.randrange(1, 12)]
        one, other = query.image_id, target.image_id
        pair = Pair(
            pair_id=pair_id(one, other),
            query_id=one,
            target_id=other,
            relations=(),
            negatives=(one,),
        )
        views.append(PairView(pair=pair, query=query, target=target))
    return views


def test_the_limit_on_differences_is_the_configured_one(corpora: Path) -> None:
    views = some_pairs(read_emoji(corpora), 300)
    strict = RulesDescriber(DescribingConfig(max_differences=1), 0).describe(views)
    loose = RulesDescriber(DescribingConfig(max_differences=9), 0).describe(views)
    fewer = [d for d in loose if isinstance(d, Description) and len(d.only_target) == 1]
    kept = [d for d in strict if isinstance(d, Description)]
    assert 0 < len(kept) < len([d for d in loose if isinstance(d, Description)])
    assert all(d in fewer for d in kept)


def test_the_seed_changes_no_description(corpora: Path) -> None:
    views = some_pairs(read_emoji(corpora), 100)
    one = RulesDescriber(DescribingConfig(), 1).describe(views)
    other = RulesDescriber(DescribingConfig(), 2).describe(views)
    assert [d for d in one if isinstance(d, Description)] == [
        d for d in other if isinstance(d, Description)
    ]


@pytest.fixture(scope="module")
def benchmark_sentences(corpora: Path) -> set[str]:
    """The instructions of the emoji benchmark: training must not copy them."""
    lines = (corpora / "fluent-emoji" / "benchmark.jsonl").read_text().splitlines()
    return {json.loads(line)["instruction"].casefold() for line in lines}


def test_real_pairs_become_instructions_that_no_benchmark_sentence_repeats(
    corpora: Path, benchmark_sentences: set[str]
) -> None:
    views = some_pairs(read_emoji(corpora), 2000)
    started = time.process_time()
    outcomes = RulesDescriber(DescribingConfig(), 0).describe(views)
    descriptions = [d for d in outcomes if isinstance(d, Description)]
    written = RulesInstructor(InstructingConfig(), 0).instruct(descriptions)
    seconds = time.process_time() - started
    assert len(descriptions) > 1000
    assert not [w for w in written if isinstance(w, RejectError)]
    texts = {text.casefold() for w in written if isinstance(w, tuple) for text in w}
    assert not texts & benchmark_sentences
    assert seconds < 2.0, "60,000 pairs are to take a minute on one core"
