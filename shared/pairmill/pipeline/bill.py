"""What a run's language models cost, for its report. Knows commits and books; asks nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pairmill.config import RunConfig
from pairmill.core.costing import Spent
from pairmill.core.synthesis import Usage, sum_usage
from pairmill.pipeline.barrier import work_of
from pairmill.pipeline.commit import Commit, CommitLog
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.spending import read_spent
from pairmill.ports.objects import ObjectStore

KEEPERS = ("gate", "instruct")
"""The stages whose outputs are the triplets that stay: the last one that a run has come to."""


def bill_of(
    objects: ObjectStore, graph: Graph, commits: Mapping[str, list[Commit]]
) -> dict[str, Any]:  # fmt: skip
    """Return the report's section on cost; empty where no language model was asked.

    commits: of each node.
    """
    config = graph.spec.config
    asked = sum_usage(read_spent(objects, graph.spec.name))
    answers = sum_usage(_answers(config, (c for found in commits.values() for c in found)))
    if not asked and not answers:
        return {}
    kept = next((_outputs(commits[name]) for name in KEEPERS if commits.get(name)), 0)
    prices = {name: each.price for name, each in config.prices.items()}
    return Spent(asked=asked, answers=answers, kept=kept, prices=prices).to_plain()


def how_far(objects: ObjectStore, graph: Graph) -> str:
    """Return how far the stage has come at which a run stopped, for people."""
    for node in graph.nodes:
        work, log = work_of(objects, graph, node), CommitLog(objects, node.commits)
        done = sum(commit.counts.inputs for commit in log.read_all())
        if done < work.num_records:
            return f"{node.name}: {done:,} of {work.num_records:,} {node.stage.unit}s are finished"
    return "every stage is finished"


def _answers(config: RunConfig, commits: Iterable[Commit]) -> Iterator[Usage]:
    """Yield all answers under the names by which their models were asked for: servers give others
    of their own, which no table of prices knows."""
    names = {
        "caption": config.captioning.chat.model,
        "describe": config.describing.chat.model,
        "instruct": config.instructing.chat.model,
        "judge": config.gating.judging.chat.model,
    }
    for commit in commits:
        for row in commit.facts.get("answers", ()):
            used = Usage(**row)
            yield replace(used, model=names.get(used.stage) or used.model)


def _outputs(commits: list[Commit]) -> int:
    return sum(commit.counts.outputs for commit in commits)
