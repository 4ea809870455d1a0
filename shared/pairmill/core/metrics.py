"""Turn the ranks of targets into figures. Knows ranks from 1; knows no score and no image.

Every function takes the ranks of one query's targets, ascending, one rank a target; a target that
no search returned may bear any rank beyond k. Figures lie in 0 to 1.
"""

from collections.abc import Iterable, Sequence

Ranks = Sequence[int]
ALWAYS = (1, 5, 10)
"""The cut-offs of every report."""


def recall_at(ranks: Ranks, k: int) -> float:
    """Return 1 if any target is among the first k, else 0 (hit rate).

    With one target, recall@k of CIRR and CIRCO; with several, that of M-BEIR: one found is enough.
    """
    return float(ranks[0] <= k)


def average_precision_at(ranks: Ranks, k: int) -> float:
    """Return AP@k: the precision at each hit within k, summed, over min(k, number of targets).

    As CIRCO (arXiv 2303.15247; miccunifi/CIRCO, src/evaluation.py). Dividing by k alone or by the
    number of targets alone would keep a perfect ranking below 1.
    """
    hits = [place / rank for place, rank in enumerate(ranks, start=1) if rank <= k]
    return sum(hits) / min(k, len(ranks))


def reciprocal_rank(ranks: Ranks) -> float:
    """Return 1 / rank of the best target; its mean over queries is MRR."""
    return 1 / ranks[0]


def figures(ranks: Sequence[Ranks], ks: Iterable[int] = ()) -> dict[str, float]:
    """Return the means over queries: recall@k and map@k for every cut-off, and mrr.

    ks: cut-offs beside 1, 5 and 10. map@1 is recall@1 and is left out. Without queries there are
    no figures: an empty dict.
    """
    if not ranks:
        return {}
    cuts = sorted({*ALWAYS, *ks})
    found = {f"recall@{k}": _mean([recall_at(one, k) for one in ranks]) for k in cuts}
    for k in cuts:
        if k > 1:
            found[f"map@{k}"] = _mean([average_precision_at(one, k) for one in ranks])
    return found | {"mrr": _mean([reciprocal_rank(one) for one in ranks])}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
