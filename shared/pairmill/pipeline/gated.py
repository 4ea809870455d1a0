"""What gates took and what texts are like, for a run's report. Knows commits; weighs nothing."""

from collections.abc import Iterable, Sequence
from typing import Any

from pairmill.core.gating.census import Census
from pairmill.pipeline.commit import Commit
from pairmill.pipeline.gating import gates_of


def census_of(commits: Iterable[Commit]) -> dict[str, Census]:
    """Return what all texts are like, `written` before the gates and `kept` after them."""
    sums: dict[str, Census] = {}
    for commit in commits:
        for name, parts in commit.facts.get("census", {}).items():
            sums[name] = sums.get(name, Census()).plus(Census.from_parts(parts))
    return sums


def gated_sections(commits: Sequence[Commit]) -> dict[str, Any]:
    """Return the report's sections `gates` and `texts`, as far as a run has them."""
    sections = {
        "gates": {name: tally.to_plain() for name, tally in gates_of(commits).items()},
        "texts": {name: census.to_plain() for name, census in census_of(commits).items()},
    }
    return {name: section for name, section in sections.items() if section}
