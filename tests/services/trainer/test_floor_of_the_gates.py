"""What the gates left too little of is not trained on: said, or an end of the run."""

from dataclasses import replace
from pathlib import Path

import pytest

from pairmill.config.gating import GatingConfig
from pairmill.core.errors import CorpusError
from pairmill.pipeline.commit import Counts
from tests.services.trainer.test_split_and_train_stage import Bench


def gated(root: Path, *, kept: int, seen: int, unread: int = 0, **gating: object) -> Bench:
    """Return a run of whose pairs the gates kept so many."""
    bench = Bench(root)
    config = bench.spec.config.model_copy(update={"gating": GatingConfig.model_validate(gating)})
    bench.spec = replace(bench.spec, config=config)
    (commit,) = bench.commits["gate"]
    counts = Counts(inputs=seen, outputs=kept, rejects={"refusal": seen - kept})
    facts = {"unreadable": unread}
    bench.commits["gate"] = (replace(commit, counts=counts, facts=facts),)
    return bench


def test_below_the_floor_the_untrained_retriever_is_published(tmp_path: Path) -> None:
    bench = gated(tmp_path, kept=19, seen=100)
    bench.split()
    out, _ = bench.train()
    assert not out.facts["published"]
    assert "the gates kept 19 of 100 pairs (19.0%)" in out.facts["why"]
    assert out.facts["why"].endswith("the untrained retriever is published")
    assert bench.encoder.num_texts == 0


def test_the_run_stops_where_it_shall(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"kept 19 of 100 pairs .*floor_action"):
        gated(tmp_path, kept=19, seen=100, floor_action="stop").split()


@pytest.mark.parametrize(
    ("kept", "seen", "unread", "told"),
    [
        (20, 100, 0, False),
        (20, 100, 1, True),
        (9, 49, 0, False),
        (9, 49, 1, True),
        (0, 0, 0, False),
    ],
)
def test_pairs_without_a_readable_answer_count_and_a_few_say_nothing(
    tmp_path: Path, kept: int, seen: int, unread: int, told: bool
) -> None:
    out, _ = gated(tmp_path, kept=kept, seen=seen, unread=unread).split()
    assert bool(out.facts["floor"]) == told
