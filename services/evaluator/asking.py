"""Turn queries, which name images by key, into rows of features. Knows keys, ids and rows; knows
no retriever and no figure.

Shapes: P images of the pool, F image features.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pairmill.core.errors import RejectError
from pairmill.core.ranking import Asked
from pairmill.core.records import BenchmarkQuery

ABSENT = -1
"""Row of an image or a text that a query does not have."""

Find = Callable[[str], str]
"""Takes a key as the benchmark names it; returns the image's id, or an empty string."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Images by row, each id once: the first `num_searched` are the gallery, the others only
    serve as query images. features_PF: raw image features. lost: images that would stand here, and
    why trained towers cannot see them."""

    ids: tuple[str, ...]
    features_PF: NDArray[np.float32]
    num_searched: int
    lost: tuple[tuple[str, RejectError], ...] = ()

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of every id."""
        return {image_id: row for row, image_id in enumerate(self.ids)}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One query by rows: its image in the pool and its text, either ABSENT, and what it should
    find."""

    query_id: str
    task: str
    image: int
    text: int
    asked: Asked


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A query that cannot be asked, with the rule and value that say why."""

    query: BenchmarkQuery
    rule: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What can be asked, each text once, and what cannot."""

    asked: tuple[Question, ...]
    texts: tuple[str, ...]
    refused: tuple[Refused, ...]


def build_pool(
    searched: tuple[Sequence[str], NDArray[np.float32]],
    others: tuple[Sequence[str], NDArray[np.float32]],
    wanted: Iterable[str],
) -> Pool:
    """Return the pool of a gallery, and of those `wanted` images that lie outside it.

    searched, others: ids with raw image features, (N, F) each.
    """
    ids, features_NF = searched
    inside = set(ids)
    place = {image_id: row for row, image_id in enumerate(others[0])}
    extra = sorted(i for i in set(wanted) - inside if i in place)
    if extra:
        rows = [place[image_id] for image_id in extra]
        features_NF = np.concatenate([part for part in (features_NF, others[1][rows]) if len(part)])
    return Pool(ids=(*ids, *extra), features_PF=features_NF, num_searched=len(ids))


def ask(queries: Sequence[BenchmarkQuery], find: Find, pool: Pool) -> Questions:
    """Return queries by rows, in order.

    Refused by rule: `unknown_image`, `unknown_target` and `unknown_candidate`, where a key names no
    image of the pool; `target_is_query`, where no target is left once byte copies of the query
    image are dropped; `target_excluded` and `target_not_in_gallery`, where the query itself rules
    its targets out. A key of `exclude` that names no image removes nothing.
    """
    asked, refused, texts = [], [], dict[str, int]()
    for query in queries:
        try:
            image, rows = _rows(query, find, pool)
        except RejectError as error:
            refused.append(Refused(query=query, rule=error.rule, value=error.value))
            continue
        text = texts.setdefault(query.instruction, len(texts)) if query.instruction else ABSENT
        asked.append(
            Question(query_id=query.query_id, task=query.task, image=image, text=text, asked=rows)
        )
    return Questions(asked=tuple(asked), texts=tuple(texts), refused=tuple(refused))


def _rows(query: BenchmarkQuery, find: Find, pool: Pool) -> tuple[int, Asked]:
    image = ABSENT
    if query.query_image:
        image = pool.row_of.get(find(query.query_image), ABSENT)
        if image == ABSENT:
            raise RejectError("unknown_image", query.query_image)
    targets = _searched(query.targets, "unknown_target", find, pool)
    gallery = _searched(query.gallery, "unknown_candidate", find, pool)
    excluded = {pool.row_of.get(find(key), ABSENT) for key in query.exclude} - {ABSENT}
    left = [row for row in targets if row != image]
    if not left:
        raise RejectError("target_is_query", query.targets[0])
    left = [row for row in left if row not in excluded]
    if not left:
        raise RejectError("target_excluded", query.targets[0])
    if gallery and not set(left) <= set(gallery):
        raise RejectError("target_not_in_gallery", query.targets[0])
    removed = sorted(row for row in {image, *excluded} if 0 <= row < pool.num_searched)
    return image, Asked(targets=tuple(left), removed=tuple(removed), gallery=gallery)


def _searched(keys: Sequence[str], rule: str, find: Find, pool: Pool) -> tuple[int, ...]:
    """Return the rows of keys, each once; all must lie in what is searched."""
    rows = {key: pool.row_of.get(find(key), ABSENT) for key in keys}
    for key, row in rows.items():
        if not 0 <= row < pool.num_searched:
            raise RejectError(rule, key)
    return tuple(dict.fromkeys(rows.values()))
