"""Have some pairs of a mined run described and instructed, by its own writers or by others.

Knows ports and records; writes nothing into the run but answers, which are kept for it and for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pairmill.config import RunConfig
from pairmill.core.costing import count_answers
from pairmill.core.errors import RejectError
from pairmill.core.gating.census import Census, count_texts
from pairmill.core.gating.sieve import Sifted, begin, sift
from pairmill.core.ids import order_key
from pairmill.core.records import Description, Pair
from pairmill.core.synthesis import COMPOSED, RawAnswer, Usage, Written, sum_usage
from pairmill.pipeline.gating import shown_to_writers, text_gates
from pairmill.pipeline.shard import read_records
from services.describer.stage import view_of
from services.standalone.finished import FinishedRun


@dataclass(frozen=True, kw_only=True)
class Effort:
    """What one pair came to. why: the rule by which it was left out, or empty."""

    pair: Pair
    description: Description | None = None
    texts: tuple[Written, ...] = ()
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one setting made of pairs. raw: all answers, those from the cache among them."""

    name: str
    config: RunConfig
    efforts: tuple[Effort, ...]
    raw: tuple[RawAnswer, ...]
    captions: Mapping[str, str]

    @cached_property
    def sifted(self) -> dict[str, Sifted]:
        """The instructions of each pair after the gates that need no model, by pair."""
        own = self.config.instructing
        shown = shown_to_writers(own.languages, own.pool) if own.asks else ()
        gates = text_gates(self.config.gating, shown, self.captions)
        return {
            effort.pair.pair_id: sift(begin(effort.description, _composed(effort.texts)), gates)
            for effort in self.efforts if effort.description
        }  # fmt: skip

    @property
    def fallen(self) -> dict[str, int]:
        """How many instructions each rule of the gates takes."""
        rules = [each.finding.rule for one in self.sifted.values() for each in one.fallen]
        return {rule: rules.count(rule) for rule in sorted(set(rules))}

    @property
    def num_kept(self) -> int:
        """How many pairs keep an instruction."""
        return sum(bool(one.kept) for one in self.sifted.values())

    @property
    def census(self) -> Census:
        """What the instructions are like, before any gate."""
        return count_texts(text for effort in self.efforts for text in _composed(effort.texts))

    @property
    def used(self) -> tuple[Usage, ...]:
        """Answers and tokens, cached ones among them, by stage and model."""
        return sum_usage(Usage(**row) for row in count_answers(self.raw))


def draw_pairs(run: FinishedRun, num: int, seed: int = 0, purpose: str = "show") -> list[Pair]:
    """Return so many of a run's pairs, drawn by their ids; RootError where it has mined none."""
    every = read_records(run.ports.objects, run.files("select", "pairs"), Pair)
    ordered = sorted(every, key=lambda pair: order_key(seed, purpose, pair.pair_id))
    return ordered[:num]


def try_out(run: FinishedRun, config: RunConfig, pairs: Sequence[Pair], name: str) -> Tried:
    """Return what a configuration's writers make of pairs; nothing that is kept is asked for.

    Raises what the chat port raises; its books are those of the run's ports.
    """
    ports = replace(run.ports, config=config)
    describer, instructor = ports.describer, ports.instructor
    made = run.machine_captions if config.describing.reads_captions else {}
    views = (view_of(pair, run.corpus_images, made) for pair in pairs)
    described = {view.pair.pair_id: outcome for view, outcome in describer.each(views)}
    good = [one for one in described.values() if isinstance(one, Description)]
    good.sort(key=lambda one: one.pair.pair_id)
    written = {one.pair.pair_id: outcome for one, outcome in instructor.each(good)}
    return Tried(
        name=name, config=config, raw=(*describer.take_raw(), *instructor.take_raw()),
        efforts=tuple(_effort(pair, described[pair.pair_id], written) for pair in pairs),
        captions={image.image_id: image.caption for image in run.corpus_images.values()},
    )  # fmt: skip


def _effort(
    pair: Pair,
    described: Description | RejectError,
    written: Mapping[str, tuple[Written, ...] | RejectError],
) -> Effort:
    if isinstance(described, RejectError):
        return Effort(pair=pair, why=f"{described.rule}: {described.value}")
    texts = written[pair.pair_id]
    if isinstance(texts, RejectError):
        return Effort(pair=pair, description=described, why=f"{texts.rule}: {texts.value}")
    return Effort(pair=pair, description=described, texts=texts)


def _composed(texts: Sequence[Written]) -> tuple[Written, ...]:
    return tuple(text for text in texts if text.task == COMPOSED)
