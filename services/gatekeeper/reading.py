"""Read what is to be weighed: triplets with their descriptions and all texts of their pairs, and
what images are called. Knows commits and records; knows no gate.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pairmill.core.gating.findings import Finding
from pairmill.core.gating.sieve import SCHEMA, Sifted, Weighed
from pairmill.core.records import Description, Triplet
from pairmill.core.synthesis import PairText, RawAnswer, Written, as_written
from pairmill.pipeline.images import load_catalog, load_machine_captions
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.objects import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A triplet, the description that it was written from, and all that was written of its pair."""

    triplet: Triplet
    description: Description
    texts: tuple[Written, ...]

    @property
    def ends(self) -> tuple[str, str]:
        """Both images."""
        return self.triplet.query_id, self.triplet.target_id

    def sides(self, *, every: bool) -> tuple[tuple[Written, ...], tuple[Written, ...]]:
        """Return the texts that pass the gates over texts, and those that are let by.

        every: all authors' pass them, else a model's alone.
        """
        weighed = tuple(text for text in self.texts if every or text.by_model)
        return weighed, tuple(text for text in self.texts if not (every or text.by_model))


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The sheets of a shard. typed: a model wrote them, and said of each text its task and kind.

    unread: answers that could not be read, by pair; a pair may have been answered at last.
    """

    sheets: tuple[Sheet, ...]
    typed: bool
    unread: tuple[Sifted, ...]

    @property
    def num_unread(self) -> int:
        """How many pairs have no triplet because nothing readable was written."""
        written = {sheet.triplet.pair_id for sheet in self.sheets}
        return sum(one.description.pair.pair_id not in written for one in self.unread)


def read_stack(shard: Shard, objects: ObjectStore) -> Stack:
    """Return all that was written in a shard, in the order of its triplets."""
    described = {
        each.pair.pair_id: each
        for each in read_records(objects, shard.files("describe", "descriptions"), Description)
    }
    files = shard.files("instruct", "written/texts")
    texts: dict[str, list[Written]] = defaultdict(list)
    for text in read_records(objects, files, PairText):
        fields = {name: value for name, value in vars(text).items() if name != "pair_id"}
        texts[text.pair_id].append(Written(**fields))
    triplets = read_records(objects, shard.files("instruct", "written/triplets"), Triplet)
    sheets = [
        Sheet(triplet=one, description=described[one.pair_id],
              texts=tuple(texts[one.pair_id]) or as_written(one.instructions))
        for one in triplets
    ]  # fmt: skip
    return Stack(sheets=tuple(sheets), typed=bool(files),
                 unread=_unread(shard, objects, described))  # fmt: skip


def _unread(
    shard: Shard, objects: ObjectStore, described: Mapping[str, Description]
) -> tuple[Sifted, ...]:
    faults: dict[str, Counter[str]] = defaultdict(Counter)
    for raw in read_records(objects, shard.files("instruct", "answers/instruct"), RawAnswer):
        if raw.text and not raw.parsed_ok:
            faults[raw.record_id][raw.fault] += 1
    return tuple(
        Sifted(description=described[pair_id], kept=(), weighed=tuple(
            Weighed(gate=SCHEMA, written=None, finding=Finding(measure=0.0, value=name, rule=name))
            for name in sorted(found.elements())
        ))
        for pair_id, found in sorted(faults.items())
    )  # fmt: skip


def read_captions(shard: Shard, objects: ObjectStore) -> dict[str, str]:
    """Return what images are called, by id, as the caption space has it: by a person, else by a
    machine that names a thing."""
    made = load_machine_captions(objects, shard.files("embed", "captions"))
    found = {image: each.seen for image, each in made.items() if each.names_a_thing}
    for image in load_catalog(objects, shard.files("dedupe", "images")).values():
        if image.caption.strip():
            found[image.image_id] = image.caption.strip()
    return found
