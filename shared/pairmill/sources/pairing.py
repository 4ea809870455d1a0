"""Join the images of one folder or tar with the caption files beside them. Knows names only."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from pairmill.core.records import Entry
from pairmill.sources.kinds import Kind, is_hidden, kind_of
from pairmill.sources.tars import Member

_UNITS: dict[Kind, str] = {
    "image": "image", "video": "image", "raw": "image", "foreign": "image", "caption": "caption",
}  # fmt: skip
_FAULTS: dict[Kind, str] = {"image": "", "caption": "", "video": "video", "raw": "raw"}
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of the manifest to be, and the file name it came from."""

    entry: Entry
    name: str


def pair_up(members: list[Member], key_of: Callable[[str], str]) -> list[Listed]:
    """Return one row per image, with its caption file, and one per file that is left over.

    A second caption file of an image (`.txt` beside `.json`) follows it as a row of unit
    `caption` without a fault.
    """
    slots: list[list[Listed]] = []
    images: dict[str, list[Listed]] = {}
    for member in members:
        if not is_hidden(posixpath.basename(member.name)):
            name = member.name.removeprefix("./")
            entry = _row(member, name, key_of(name))
            slots.append([Listed(entry=entry, name=name)])
            if entry.unit == "image":
                images.setdefault(entry.key, slots[-1])
    for slot in slots:
        if slot[0].entry.unit == "caption" and not slot[0].entry.fault:
            _attach(slot, images.get(slot[0].entry.key))
    return [item for slot in slots for item in slot]


def _row(member: Member, name: str, key: str) -> Entry:
    kind = kind_of(name)
    fault = _FAULTS.get(kind, "unknown_format")
    if _ABSOLUTE.match(member.name) or ".." in re.split(r"[/\\]", name):
        fault = "unsafe_path"
    elif not member.regular:
        fault = "not_a_file"
    value = name if fault else ""
    return Entry(shard="", key=key, object=member.object, offset=member.offset,
                 length=member.length, fault=fault, value=value,
                 unit=_UNITS.get(kind, "file"))  # fmt: skip


def _attach(slot: list[Listed], image: list[Listed] | None) -> None:
    """Move the caption file in `slot` to its image, or say why it stays alone."""
    (item,) = slot
    if image is None:
        fault = replace(item.entry, fault="caption_without_image", value=item.name)
        slot[0] = replace(item, entry=fault)
        return
    ending = _ending(item.name)
    taken = {_ending(other.entry.sidecar) for other in image if other.entry.sidecar}
    if ending in taken:
        fault = replace(item.entry, fault="duplicate_key", value=f"a second {item.name}")
        slot[0] = replace(item, entry=fault)
        return
    if taken:
        further = replace(item.entry, object=image[0].entry.object, offset=0, length=0)
        image.append(replace(item, entry=_with_sidecar(further, item)))
    else:
        image[0] = replace(image[0], entry=_with_sidecar(image[0].entry, item))
    slot.clear()


def _with_sidecar(entry: Entry, item: Listed) -> Entry:
    place = item.entry
    return replace(entry, sidecar=item.name, sidecar_object=place.object,
                   sidecar_offset=place.offset, sidecar_length=place.length)  # fmt: skip


def _ending(name: str) -> str:
    """Return a name's ending in lower case, with its dot."""
    return posixpath.splitext(name.lower())[1]
