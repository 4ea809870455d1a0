"""Give the rows of a caption table to the images they name. Knows names only."""

import posixpath
from collections import Counter
from dataclasses import replace

from pairmill.core.errors import CorpusError
from pairmill.core.records import Caption, Entry
from pairmill.sources.captions import Words, join
from pairmill.sources.kinds import file_key
from pairmill.sources.pairing import Listed
from pairmill.sources.tables import CaptionTable


def name_captions(listed: list[Listed], table: CaptionTable | None) -> list[Entry]:
    """Return the entries with the table's words, and a fault for each row without an image.

    A row names an image by its path or key, or by its file name where only one image has it.
    Raises CorpusError if no row names any image: the wrong table, or the wrong column.
    """
    entries = [item.entry for item in listed]
    if table is None:
        return entries
    places = _places(listed)
    found: dict[int, list[Words]] = {}
    lost = []
    for name, words in table.rows.items():
        place = _find(places, name)
        if place is None:
            lost.append(_without_image(name))
        else:
            found.setdefault(place, []).append(words)
    if not found:
        images = next(item.name for item in listed if item.entry.unit == "image")
        raise CorpusError(
            f"{table.path}: none of its {len(table.rows)} rows names an image; got names like "
            f"{next(iter(table.rows))!r}, wanted some like {images!r}; check the table's column "
            "of file names, and the corpus's path"
        )
    for place, parts in found.items():
        entries[place] = _with_words(entries[place], join(parts))
    return entries + lost


def _places(listed: list[Listed]) -> dict[str, int]:
    """Return the place of every image by each of its names; sure names win over short ones."""
    images = [(i, item) for i, item in enumerate(listed)
              if item.entry.unit == "image" and item.entry.fault != "duplicate_key"]  # fmt: skip
    short = [(name, i) for i, item in images for name in _short_names(item)]
    counts = Counter(name for name, _ in short)
    places = {name: i for name, i in short if counts[name] == 1}
    places.update({item.entry.key: i for i, item in images})
    places.update({item.name: i for i, item in images})
    return places


def _short_names(item: Listed) -> set[str]:
    return {posixpath.basename(item.name), posixpath.basename(item.entry.key)}


def _find(places: dict[str, int], name: str) -> int | None:
    base = posixpath.basename(name)
    return next((places[n] for n in (name, base) if n in places), None)


def _without_image(name: str) -> Entry:
    return Entry(shard="", key=file_key(name), object="", offset=0, length=0, unit="caption",
                 fault="caption_without_image", value=name)  # fmt: skip


def _with_words(entry: Entry, words: Words) -> Entry:
    captions = tuple(Caption(kind="table", text=text) for text in words.captions)
    return replace(entry, captions=captions, attributes=words.attributes)
