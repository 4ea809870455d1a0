"""The records that travel between stages. They know nothing of how they are stored.

Every record is a frozen value; tuples, so that equal content means equal records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SPACES = ("visual_semantic", "visual_pattern", "caption")
"""The three spaces of MegaPairs (arXiv 2412.14475, section 3.1), in the order of reports."""

EDIT = "edit"
"""The relation of a triplet whose target is an edit of its query image."""


@dataclass(frozen=True, kw_only=True)
class Caption:
    """One text about one image; `kind` says where it came from: sidecar, table or tar."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ImageRecord:
    """One image and where its bytes lie: `length` bytes at `offset` of object `store`.

    keys: names under which the source knows it, in source order. width, height: pixels as stored.
    attributes: name to values, as the corpus gave them. in_source: `store` lies in the source,
    not among the run's objects (`ingest.store: reference`). A `store` that begins with `./`, as an
    edit's table has it, lies beneath the home of that table, whatever the run is called.
    """

    image_id: str
    keys: tuple[str, ...]
    captions: tuple[Caption, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    format: str = "jpeg"
    width: int = 0
    height: int = 0
    store: str = ""
    offset: int = 0
    length: int = 0
    in_source: bool = False

    @property
    def caption(self) -> str:
        """The first caption in source order, or an empty string."""
        return self.captions[0].text if self.captions else ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the manifest: where the source keeps an image, and its caption.

    object, offset, length: the image's bytes in the source; sidecar_*: those of its caption file,
    if any, whose name ends in `.txt` or `.json`. fault: the rule by which the listing already
    rejects the entry, with its value. captions, attributes: from a caption table.
    """

    shard: str
    key: str
    object: str
    offset: int
    length: int
    sidecar: str = ""
    sidecar_object: str = ""
    sidecar_offset: int = 0
    sidecar_length: int = 0
    captions: tuple[Caption, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fault: str = ""
    value: str = ""
    unit: str = "image"


@dataclass(frozen=True, kw_only=True)
class Band:
    """The cosines that bound a space's pairs: above `low`, not above `high`."""

    space: str
    low: float
    high: float
    num_sampled: int

    def holds(self, score: float) -> bool:
        """Say whether a cosine lies in the band."""
        return self.low < score <= self.high


@dataclass(frozen=True, kw_only=True)
class Relation:
    """The space that found a pair, with the target's rank (from 1) and cosine score there."""

    space: str
    rank: int
    score: float


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A query image, a target image, the relations that joined them, and hard negatives.

    negatives: image ids, the query image always first (MegaPairs, table 4).
    """

    pair_id: str
    query_id: str
    target_id: str
    relations: tuple[Relation, ...]
    negatives: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the two images of a pair share and how they differ.

    shared, only_query, only_target: short phrases. text: the same in sentences. author: who
    described it (`rules`, or a model and prompt version).
    """

    pair: Pair
    shared: tuple[str, ...]
    only_query: tuple[str, ...]
    only_target: tuple[str, ...]
    text: str
    author: str


@dataclass(frozen=True, kw_only=True)
class Triplet:
    """Query image, instructions (several phrasings of one search), target image, negatives.

    weights: how much each instruction counts, above 0, at most 1; empty: all count whole.
    scores: how likely each negative fits all the same, 0 to 1; empty: none does.
    """

    pair_id: str
    query_id: str
    target_id: str
    relations: tuple[str, ...]
    instructions: tuple[str, ...]
    negatives: tuple[str, ...]
    author: str
    weights: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Split:
    """Whether a triplet trains or validates: `part` is `train` or `validation`."""

    pair_id: str
    part: str


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A record that was left out, with the stage, the rule and the value that decided.

    unit: what was left out. A unit other than the stage's own (a caption of an image that stays)
    does not enter the balance inputs = outputs + rejects.
    keys: image ids or source keys, so that a picture of the reject can be shown.
    """

    record_id: str
    stage: str
    rule: str
    value: str
    unit: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One answer of a search: score is cosine, larger is nearer; rank counts from 1."""

    image_id: str
    score: float
    rank: int


@dataclass(frozen=True, kw_only=True)
class BenchmarkQuery:
    """One benchmark query; image or instruction may be missing, never both.

    query_image, targets, exclude, gallery: keys as the benchmark names them. gallery: this
    query's own candidates; empty means the whole gallery.
    """

    query_id: str
    query_image: str
    instruction: str
    targets: tuple[str, ...]
    task: str = "all"
    exclude: tuple[str, ...] = ()
    gallery: tuple[str, ...] = ()
