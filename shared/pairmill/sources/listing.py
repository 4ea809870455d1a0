"""List a source into a manifest: which images there are, where, with which captions.

Knows names and the object store port; reads no image. Equal sources give equal manifests: sorted
by object, then by the order in a tar, and cut into shards of consecutive entries.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pairmill.core.errors import CorpusError, RejectError
from pairmill.core.records import Entry
from pairmill.ports.objects import ObjectStore
from pairmill.sources.kinds import file_key, is_hidden, kind_of, matcher, member_key
from pairmill.sources.naming import name_captions
from pairmill.sources.pairing import Listed, pair_up
from pairmill.sources.tables import CaptionTable
from pairmill.sources.tars import Member, read_members

MAX_SHARD_BYTES = 2**30


def list_source(
    source: ObjectStore,
    *,
    pattern: str = "**",
    captions: CaptionTable | None = None,
    shard_images: int = 512,
    skip: frozenset[str] = frozenset(),
) -> list[Entry]:
    """Return the manifest of all files that match `pattern`, loose or in tars.

    pattern: a glob over the source's keys. skip: keys that are no part of the corpus, such as
    the caption table's own. Hidden files are passed over. An image's key is its path without
    ending; in a tar, WebDataset's key. Raises CorpusError if there is no image, if a tar cannot
    be read, or if a caption table names none of the images.
    """
    wanted = matcher(pattern)
    names = [n for n in source.list(_literal_start(pattern))
             if wanted.match(n) and n not in skip and not is_hidden(n)]  # fmt: skip
    _refuse_packed(names)
    listed = _mark_duplicates(_list_files(source, names))
    if not any(item.entry.unit == "image" for item in listed):
        raise CorpusError(_nothing(pattern, names))
    entries = [_storable(entry) for entry in name_captions(listed, captions)]
    return list(_cut(entries, shard_images))


def _literal_start(pattern: str) -> str:
    """Return what every match begins with."""
    return pattern[: min((pattern.find(c) for c in "*?[" if c in pattern), default=len(pattern))]


def _refuse_packed(names: list[str]) -> None:
    packed = [name for name in names if kind_of(name) == "packed"]
    if packed:
        raise CorpusError(
            f"got {len(packed)} compressed tars such as {packed[0]}, wanted uncompressed ones, of "
            "which one image is one range read; run `gunzip` (or zstd -d, xz -d) on them, or "
            "leave them out by a glob"
        )


def _list_files(source: ObjectStore, names: list[str]) -> list[Listed]:
    """Return what lies in the source, in order of objects."""
    tars = [name for name in names if kind_of(name) == "tar"]
    loose = [name for name in names if kind_of(name) != "tar"]
    try:
        listed = pair_up([_measured(source, name) for name in loose], file_key)
        for tar in tars:
            listed += pair_up(read_members(source, tar), member_key)
    except RejectError as error:
        raise CorpusError(
            f"a tar cannot be read: {error}; wanted plain files inside the folder"
        ) from None
    except KeyError as error:
        raise CorpusError(f"{error} vanished while the source was listed; start again") from None
    return sorted(listed, key=lambda item: item.entry.object)  # stable: keeps order within a tar


def _measured(source: ObjectStore, name: str) -> Member:
    """Return a loose file with its length; a link that leads out or nowhere is no file."""
    try:
        return Member(name=name, object=name, offset=0, length=source.size(name))
    except (RejectError, KeyError):
        return Member(name=name, object=name, offset=0, length=0, regular=False)


def _mark_duplicates(listed: list[Listed]) -> list[Listed]:
    """Fault every image whose key an earlier one has: keys are how people name images."""
    first: dict[str, str] = {}
    marked = []
    for item in listed:
        entry, place = item.entry, f"{item.name} of {item.entry.object}"
        if entry.unit == "image" and not entry.fault:
            if entry.key in first:
                value = f"{entry.key} is {first[entry.key]}"
                item = replace(item, entry=replace(entry, fault="duplicate_key", value=value))
            first.setdefault(entry.key, place)
        marked.append(item)
    return marked


def _storable(entry: Entry) -> Entry:
    """Return the entry with names that can be stored: a name without UTF-8 form is a fault."""
    try:
        (entry.key + entry.object + entry.value + entry.sidecar_object).encode()
    except UnicodeEncodeError:
        plain = {name: _escaped(getattr(entry, name)) for name in ("key", "object", "value")}
        value = plain["value"] or plain["object"]
        plain.update(fault=entry.fault or "unsafe_path", value=value, sidecar="", sidecar_object="")
        return replace(entry, **plain)  # type: ignore[arg-type]
    return entry


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _cut(entries: list[Entry], shard_images: int) -> Iterator[Entry]:
    """Yield the entries with their shards; a row about a caption stays with the image before."""
    shard, num_images, num_bytes = 0, 0, 0
    for entry in entries:
        length = 0 if entry.fault else entry.length
        full = num_images >= shard_images or num_bytes + length > MAX_SHARD_BYTES
        if entry.unit == "image":
            if full and num_images:
                shard, num_images, num_bytes = shard + 1, 0, 0
            num_images, num_bytes = num_images + 1, num_bytes + length
        yield replace(entry, shard=f"{shard:06d}")


def _nothing(pattern: str, names: list[str]) -> str:
    endings = Counter(name.rpartition(".")[2] if "." in name else "no ending" for name in names)
    kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items())[:10])
    return (
        f"got no image among {len(names)} files matching {pattern!r}{': ' + kinds if kinds else ''}"
        "; wanted .jpg, .png, .webp, .gif, .bmp, .tif, .heic or .avif files, or uncompressed "
        "WebDataset .tar files; check the corpus's path"
    )
