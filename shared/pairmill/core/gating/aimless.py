"""Reject instructions that suit the target no better than the query image.

Knows scores; knows no encoder. "What is this?" asks for nothing: a retriever that learns from it
learns that words do not matter. An instruction names what the target has and the query image lacks,
so that a search by the text alone must put the target higher.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from pairmill.core.gating.answerable import Space, scores_of
from pairmill.core.gating.findings import Finding, Gate, even_edges
from pairmill.core.records import Description
from pairmill.core.synthesis import COMPOSED, COMPOSED_TO_TEXT, Written

NAME = "aimless"
EDGES = even_edges(-2, 4, 24)
Ends = tuple[int, int]
"""Rows of query image and target in the gallery."""
Leads = Mapping[tuple[str, str], float]
"""By pair id and text, as far as texts could be read."""


def find_leads(spaces: Sequence[Space], ends_M: Sequence[Ends]) -> list[float]:
    """Return how many standard deviations of the gallery's scores each text puts its target above
    its query image. Raises ScoreError where a score is not finite."""
    leads: list[float] = []
    for part, scores_MN in scores_of(spaces):
        ends_M2 = np.array(ends_M[part])
        rows_M = np.arange(len(ends_M2))
        leads.extend((scores_MN[rows_M, ends_M2[:, 1]] - scores_MN[rows_M, ends_M2[:, 0]]).tolist())
    return leads


def weigh_lead(lead: float, least: float) -> Finding:
    """Return the finding: `aimless` below `least`. The measure is the lead."""
    return Finding(measure=lead, value=f"lead {lead:.2f}", rule=NAME if lead < least else "")


def aimless_gate(leads: Leads, least: float) -> Gate:
    """Return the gate over composed instructions; a text without a lead passes."""

    def weigh(description: Description, texts: Sequence[Written]) -> list[Finding]:
        found = [leads.get((description.pair.pair_id, each.text)) for each in texts]
        return [
            Finding(measure=least, value="not read") if lead is None else weigh_lead(lead, least)
            for lead in found
        ]

    return Gate(name=NAME, threshold=least, edges=EDGES, weigh=weigh,
                tasks=(COMPOSED, COMPOSED_TO_TEXT))  # fmt: skip
