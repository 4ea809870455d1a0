"""Edit images: images → edits, triplets. Knows records and the room of operations; knows no model.

An edit is a record like an image's, whose attributes say of which image, by which operation and to
which value; its triplet's instructions are those that the operation is known to answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id, order_key, pair_id
from pairmill.core.records import EDIT, ImageRecord, Triplet
from pairmill.decode import ENDINGS, decode, to_jpeg
from pairmill.editing import Edited, edit_image
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import Images, place_at_home
from pairmill.pipeline.output import Output
from pairmill.pipeline.packing import pack
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.seeing import NO_LIMITS
from pairmill.pipeline.shard import Shard
from pairmill.ports.objects import ObjectStore
from services.editor.choosing import chosen_ids

NUM_ALIKE = 2
"""Without them a retriever learns what was done, and forgets to which of the images."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """One edit: its record, still without a place, its bytes and what asks for it."""

    record: ImageRecord
    data: bytes
    instructions: tuple[str, ...]

    def told(self, *names: str) -> tuple[str, ...]:
        """Return what the record's attributes of these names say."""
        return tuple(self.record.attributes[name][0] for name in names)


def edit(
    shard: Shard, out: Output, objects: ObjectStore, images: Images, progress: Progress
) -> Counts:
    """Make `editing.per_image` edits of every image of the shard that is drawn.

    Inputs are the edits asked for. Rejects: `too_few_edits`, once for each edit that an image does
    not allow; `undecodable` and the rules of `read_image`, once for each edit of that image.
    """
    wanted, chosen = shard.config.editing.per_image, chosen_ids(shard, objects)
    files = [file for file in shard.files("dedupe", "images") if file.shard == shard.name]
    records = [record for record in images.records(files) if record.image_id in chosen]
    made: list[Made] = []
    for record in records:
        made += _edits_of(record, shard, out, images)
        progress.advance(wanted)
    out.table("edits", ImageRecord, _store(made, out))
    out.table("triplets", Triplet, triplets_of(made, seed=shard.config.seed))
    return out.close(inputs=wanted * len(records), outputs=len(made))


def _edits_of(record: ImageRecord, shard: Shard, out: Output, images: Images) -> list[Made]:
    """Return the edits of one image, and reject those that it does not give."""
    config = shard.config.editing
    fault = RejectError("too_few_edits", "no further edit would change it")
    found: list[Edited] = []
    try:
        found = edit_image(_open(images.read(record)), record.image_id, seed=shard.config.seed,
                           operations=config.operations, num=config.per_image)  # fmt: skip
    except RejectError as error:
        fault = error
    for _ in range(config.per_image - len(found)):
        out.reject(record.image_id, fault.rule, fault.value, keys=(record.image_id,))
    return [_made(record, edited) for edited in found]


def _open(data: bytes) -> Image.Image:
    try:
        return decode(data, NO_LIMITS).image
    except RejectError as error:
        raise RejectError("undecodable", error) from None


def _made(source: ImageRecord, edited: Edited) -> Made:
    data = to_jpeg(edited.picture)
    name = f"{source.keys[0]} ({edited.operation}: {edited.value})"
    record = ImageRecord(
        image_id=image_id(data), keys=(name,), source=source.source, format="jpeg",
        width=edited.picture.width, height=edited.picture.height,
        attributes={"edit_of": (source.image_id,), "operation": (edited.operation,),
                    "value": (edited.value,)},
    )  # fmt: skip
    return Made(record=record, data=data, instructions=edited.instructions)


def triplets_of(made: Sequence[Made], *, seed: int) -> list[Triplet]:
    """Return a triplet for each edit. Its negatives are the image itself, first; the image's other
    edits, which are the same thing in another way; and NUM_ALIKE edits of other images to the same
    value, which are another thing in the same way."""
    by_source, by_value = _grouped(made, "edit_of"), _grouped(made, "operation", "value")
    found = []
    for each in made:
        source, target = each.told("edit_of")[0], each.record.image_id
        own = by_source[each.told("edit_of")]
        alike = [o for o in by_value[each.told("operation", "value")]
                 if o.told("edit_of") != (source,)]  # fmt: skip
        alike.sort(key=lambda o: order_key(seed, "alike", target, o.record.image_id))
        others = [o.record.image_id for o in (*own, *alike[:NUM_ALIKE])]
        negatives = (source, *(i for i in dict.fromkeys(others) if i not in (source, target)))
        found.append(
            Triplet(pair_id=pair_id(source, target), query_id=source, target_id=target,
                    relations=(EDIT,), instructions=each.instructions, negatives=negatives,
                    author=f"editor, {' '.join(each.told('operation', 'value'))}")
        )  # fmt: skip
    return found


def _grouped(made: Sequence[Made], *names: str) -> dict[tuple[str, ...], list[Made]]:
    found: dict[tuple[str, ...], list[Made]] = {}
    for each in made:
        found.setdefault(each.told(*names), []).append(each)
    return found


def _store(made: Sequence[Made], out: Output) -> list[ImageRecord]:
    """Return the edits' records; their bytes, each once, are in a tar, which they name without the
    run: its name decides no byte."""
    unique = {each.record.image_id: each for each in made}
    if not unique:
        return []
    packed = pack([(each.record, each.data, ENDINGS["jpeg"]) for each in unique.values()])
    file = out.blob("edits", packed.data, "tar", len(unique))
    places = [packed.places[each.record.image_id] for each in made]
    return [replace(each.record, store=place_at_home(file), offset=offset, length=length)
            for each, (offset, length) in zip(made, places, strict=True)]  # fmt: skip
