"""Build the gates that a configuration asks for. Knows thresholds and prompts; knows no stage."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from pairmill.config.gating import AnswerableConfig, GateName, GatingConfig
from pairmill.core.gating.aimless import Leads, aimless_gate
from pairmill.core.gating.answerable import Bar, Places, answerable_gate
from pairmill.core.gating.copies import CopyIndex, copy_gate
from pairmill.core.gating.findings import Finding, Gate
from pairmill.core.gating.floors import too_few_kept
from pairmill.core.gating.judging import NEGATIVES, judge_gate
from pairmill.core.gating.languages import language_gate
from pairmill.core.gating.leaks import NO_CAPTIONS, leakage_gate
from pairmill.core.gating.lengths import Bounds, chars_gate, words_gate
from pairmill.core.gating.naming import naming_gate
from pairmill.core.gating.phrases import boilerplate_gate, refusal_gate
from pairmill.core.gating.sieve import SCHEMA
from pairmill.core.gating.tally import Tally, add_up
from pairmill.core.gating.twins import twins_gate
from pairmill.core.prompting.demonstrations import ASKS, folder_of, pool
from pairmill.core.prompting.prompts import load_prompt
from pairmill.pipeline.commit import Commit


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """Where texts alone rank the images of their pairs, among how many images. leads: of texts in
    the language that every encoder reads."""

    places: Places
    leads: Leads
    num_gallery: int


ORDER = (SCHEMA, *get_args(GateName), NEGATIVES)
"""All gates in the order in which texts pass them; the last weighs hard negatives."""


def text_gates(
    config: GatingConfig, shown: Iterable[str], captions: Mapping[str, str] = NO_CAPTIONS
) -> tuple[Gate, ...]:
    """Return the gates that need no model, in their order.

    shown: all that the writer was shown besides the description: prompts and demonstrations.
    captions: of target images, by id, as far as there are any.
    """
    index = CopyIndex.of(shown, config.copy_words)
    every = (
        words_gate(Bounds(least=config.min_words, most=config.max_words)),
        chars_gate(Bounds(least=config.min_chars, most=config.max_chars)),
        language_gate(config.language_share),
        refusal_gate(),
        boilerplate_gate(),
        copy_gate(index, config.copy_share),
        leakage_gate(config.leaked_words, captions),
        twins_gate(config.alike),
        naming_gate(),
    )
    running = {name for name in get_args(GateName) if config.runs(name)}
    return tuple(gate for gate in every if gate.name in running)


def shown_to_writers(languages: Iterable[str], kind: str = "fine") -> Iterator[str]:
    """Yield all that instructors are shown besides descriptions: prompts, and the whole pools of
    demonstrations, of that kind."""
    for language in languages:
        for ask in ASKS:
            yield from load_prompt(f"{ask}.{language}").sections.values()
        for each in pool(folder_of(language, kind)):
            yield each.text
            for texts in each.written.values():
                yield from (text for of_kind in texts.values() for text in of_kind)


def rank_gates(config: GatingConfig, found: Ranked) -> tuple[Gate, ...]:
    """Return the gates over texts that find the target alone, and over those that do not tell it
    from the query image."""
    gates = (
        answerable_gate(found.places, found.num_gallery, bar_of(config.answerable)),
        aimless_gate(found.leads, config.least_lead),
    )
    return tuple(gate for gate in gates if gate.name not in config.skip)


def bar_of(config: AnswerableConfig) -> Bar:
    """Return what counts as answerable."""
    return Bar(rank=config.rank, share=config.share, height=config.height, action=config.action,
               weight=config.weight)  # fmt: skip


def judge_gates(
    config: GatingConfig, targets: Mapping[tuple[str, str], Finding]
) -> tuple[Gate, ...]:
    """Return the gate over what a judge said of targets, or none: to the judge by the run's own
    spaces a target always fits. targets: by pair and text."""
    if not config.runs("judge") or config.judging.judge != "llm":
        return ()
    return (judge_gate(targets, config.judging.least),)


def gates_of(commits: Iterable[Commit]) -> dict[str, Tally]:
    """Return what each gate did over all commits of `gate`, in the order of gates."""
    found = add_up(
        {name: Tally.from_plain(plain) for name, plain in commit.facts.get("gates", {}).items()}
        for commit in commits
    )
    return {name: found[name] for name in ORDER if name in found}


def why_nothing_is_learnt(config: GatingConfig, commits: Iterable[Commit]) -> str:
    """Return why a run must not train on what the gates kept, or an empty string.

    Pairs for which nothing readable was written count among those that were seen.
    """
    every = tuple(commits)
    unread = sum(commit.facts.get("unreadable", 0) for commit in every)
    return too_few_kept(
        kept=sum(commit.counts.outputs for commit in every),
        seen=sum(commit.counts.inputs for commit in every) + unread,
        floor=config.floor, least_seen=config.floor_least, gates=gates_of(every),
    )  # fmt: skip
