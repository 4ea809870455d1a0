"""Measure what an approximate engine misses. Knows queries and neighbours; knows no pair."""

from collections import Counter
from collections.abc import Mapping

from pairmill.core.ids import order_key
from pairmill.core.mining import Window
from pairmill.core.neighbours import Neighbour
from services.miner.filling import collection_of
from services.miner.neighbours import Neighbourhood, ranked_neighbours

NUM_SAMPLED = 2000
"""Queries of a run and space, about: recall is then known to a hundredth, and exact search over
ten million vectors costs an hour of one core, not weeks."""
MAX_SAMPLED = 64
"""Queries of a shard."""


def measured_recall(
    around: Neighbourhood, window: Window, ranked: Mapping[str, list[Neighbour]]
) -> dict[str, int]:
    """Return how many of the true neighbours within the window were found, over sampled queries;
    and how many of those whose score lies in the band, which are the ones that may become pairs.

    A neighbour counts as found if it is as near as the farthest true one, so that it does not
    matter which of several equally near ones the engine gave.
    """
    space, last = window.band.space, window.last_rank
    sample = drawn(around, space, list(ranked))
    counts = Counter(num_queries=len(sample), wanted=0, found=0, band_wanted=0, band_found=0)
    for query, near in ranked_neighbours(around, space, sample, exact=True).items():
        true = [score for _, score in near[:last]]
        got = [score for _, score in ranked[query][:last] if score >= true[-1]]
        in_band = sum(map(window.band.holds, true))
        counts["wanted"] += len(true)
        counts["found"] += len(got)
        counts["band_wanted"] += in_band
        counts["band_found"] += min(in_band, sum(map(window.band.holds, got)))
    return dict(counts)


def drawn(around: Neighbourhood, space: str, queries: list[str]) -> list[str]:
    """Return the queries that recall is measured on, drawn by id."""
    seed, total = around.shard.config.seed, collection_of(around.shard, space).total
    keys = sorted((order_key(seed, "recall", query), query) for query in queries)
    limit = 16**8 * NUM_SAMPLED / max(total, 1)
    return [query for key, query in keys if int(key[:8], 16) < limit][:MAX_SAMPLED]
