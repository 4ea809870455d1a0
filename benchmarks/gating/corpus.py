"""Draw pictures whose looks are known, and pairs of them. Knows looks and towers; plants no fault.

What gates and judge are handed of it is ids, captions, descriptions made of captions by the rules,
and features of pixels. Looks are the truth and are handed to nobody.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.adapters.describer.rules import RulesDescriber
from pairmill.config import DescribingConfig
from pairmill.core.errors import RejectError
from pairmill.core.ids import order_key, pair_id
from pairmill.core.mining import Choice, negatives
from pairmill.core.records import Caption, Description, ImageRecord, Pair
from pairmill.ports.describer import PairView
from pairmill.ports.encoder import Encoder
from pairmill.ports.judge import Album
from services.standalone.sample.captions import caption
from services.standalone.sample.families import Entry, plan
from services.standalone.sample.instructions import TASKS
from services.standalone.sample.looks import Look, differences
from services.standalone.sample.picture import draw_picture
from services.standalone.sample.seeds import generator

Floats = NDArray[np.float32]
SEED = 20261203
"""Of no other corpus, and of none that rules or thresholds were chosen on. The scenes are held out:
the shipped head never saw them."""
WINDOW, NUM_NEGATIVES = 15, 5
"""Neighbours of a query in a space, and negatives a pair, as the laptop preset has them."""
AT_ONCE = 32


@dataclass(frozen=True, kw_only=True)
class Case:
    """A pair whose looks differ in one attribute, the task.

    planted: a twin of its target, the same look drawn anew, among its negatives; or empty.
    """

    task: str
    query: Entry
    target: Entry
    description: Description
    planted: str = ""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """All pictures with what is known of them. num: without the twins, which no pair is of."""

    entries: tuple[Entry, ...]
    num: int
    captions: tuple[str, ...]
    features_NF: Floats
    captions_NT: Floats

    @cached_property
    def rows(self) -> dict[str, int]:
        """Rows by key."""
        return {entry.key: row for row, entry in enumerate(self.entries)}

    def look(self, key: str) -> Look:
        """Return what a picture shows."""
        return self.entries[self.rows[key]].look

    def caption(self, key: str) -> str:
        """Return what is said of a picture."""
        return self.captions[self.rows[key]]

    @property
    def album(self) -> Album:
        """What a judge sees."""
        ids = tuple(entry.key for entry in self.entries)
        return Album(ids=ids, features_NF=self.features_NF, captions=self.captions)


@dataclass(frozen=True)
class Plan:
    """What is drawn: pictures, pairs of them, and by key twins of the targets of every second."""

    entries: tuple[Entry, ...]
    pairs: tuple[tuple[Entry, Entry], ...]
    twins: dict[str, Entry]


def make_plan(num_pictures: int, num_pairs: int) -> Plan:
    """Return the plan of so many pictures, and as many pairs or as there are."""
    entries = plan(SEED, num_pictures, held_out=True)
    pairs = sorted(_pairs(entries), key=lambda pair: order_key(SEED, *(e.key for e in pair)))
    chosen = tuple(pairs[:num_pairs])
    twins = {t.key: Entry(f"{t.key}-twin", t.look, 2) for _, t in chosen[::2]}
    return Plan(tuple(entries), chosen, twins)


def _pairs(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry]]:
    by_object: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_object[entry.look.object].append(entry)
    for group in by_object.values():
        for query, target in permutations(group, 2):
            apart = differences(query.look, target.look)
            if len(apart) == 1 and apart[0] in TASKS:
                yield query, target


def draw_corpus(planned: Plan, encoder: Encoder) -> Corpus:
    """Draw all pictures, and embed them and their captions."""
    every = (*planned.entries, *planned.twins.values())
    said = tuple(caption(entry.look, generator(SEED, "caption", entry.key)) for entry in every)
    pixels = map(encoder.prepare, _drawn(every))
    parts = [encoder.image_features(np.stack(chunk)) for chunk in _chunks(pixels)]
    return Corpus(
        entries=every, num=len(planned.entries), captions=said,
        features_NF=np.concatenate(parts), captions_NT=encoder.text_features(said),
    )  # fmt: skip


def _drawn(entries: Iterable[Entry]) -> Iterator[Image.Image]:
    """Yield the pictures as they come out of a JPEG file."""
    for entry in entries:
        stream = io.BytesIO()
        picture = draw_picture(entry.look, generator(SEED, "picture", entry.key))
        picture.save(stream, "JPEG", quality=90, subsampling=0)
        yield Image.open(stream).convert("RGB")


def _chunks(pixels: Iterable[NDArray[np.uint8]]) -> Iterator[list[NDArray[np.uint8]]]:
    chunk: list[NDArray[np.uint8]] = []
    for one in pixels:
        chunk.append(one)
        if len(chunk) == AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def make_cases(planned: Plan, corpus: Corpus, encoder: Encoder) -> list[Case]:
    """Return the pairs with mined negatives and what the rules make of their captions.

    Every second one has a twin of its target in place of its last negative.
    """
    pools = neighbours(corpus, encoder, {query.key for query, _ in planned.pairs})
    twins = [planned.twins[target.key].key if number % 2 == 0 else ""
             for number, (_, target) in enumerate(planned.pairs)]  # fmt: skip
    views = [_view(corpus, _mined(query, target, pools[query.key], twin))
             for (query, target), twin in zip(planned.pairs, twins, strict=True)]  # fmt: skip
    described = RulesDescriber(DescribingConfig(max_differences=16), SEED).describe(views)
    return [
        Case(task=differences(query.look, target.look)[0], query=query, target=target,
             description=outcome, planted=twin)
        for (query, target), twin, outcome in zip(planned.pairs, twins, described, strict=True)
        if not isinstance(outcome, RejectError)
    ]  # fmt: skip


def neighbours(corpus: Corpus, encoder: Encoder, keys: Iterable[str]) -> dict[str, list[str]]:
    """Return by key the union of its nearest in all spaces, as mining does; twins are not mined."""
    ids = [entry.key for entry in corpus.entries[: corpus.num]]
    found: dict[str, set[str]] = {key: set() for key in sorted(keys)}
    for space in encoder.spaces:
        features = corpus.features_NF if space.reads == "image" else corpus.captions_NT
        vectors_ND = encoder.project(space.name, features[: corpus.num])
        for key, nearest in found.items():
            rows = np.argsort(-(vectors_ND @ vectors_ND[corpus.rows[key]]))[: WINDOW + 1]
            nearest.update([ids[row] for row in rows if ids[row] != key][:WINDOW])
    return {key: sorted(nearest) for key, nearest in found.items()}


def _mined(query: Entry, target: Entry, pool: list[str], twin: str) -> Pair:
    mined = negatives(query.key, target.key, pool, Choice(seed=SEED, num_negatives=NUM_NEGATIVES))
    return Pair(
        pair_id=pair_id(query.key, target.key), query_id=query.key, target_id=target.key,
        relations=(), negatives=(*mined[: NUM_NEGATIVES - 1], twin) if twin else mined,
    )  # fmt: skip


def _view(corpus: Corpus, pair: Pair) -> PairView:
    query, target = (
        ImageRecord(
            image_id=key, keys=(), captions=(Caption(kind="drawn", text=corpus.caption(key)),)
        )
        for key in (pair.query_id, pair.target_id)
    )
    return PairView(pair=pair, query=query, target=target)
