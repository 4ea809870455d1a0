"""Upserts and deletions of a gallery, durable in the object store. Knows keys; knows no model.

`galleries/<gallery>/items/<digest of the id>/<time>-<digest>.item` is an item, and a key that ends
in `.gone` says that an indexed image is deleted. The newest key under a digest counts: whoever
wrote it later, on whichever replica. Older ones are leftovers, and are removed.
"""

import time
from dataclasses import dataclass

from pairmill.core.ids import ID_HEX, canonical_json, sha256_hex
from pairmill.ports.objects import ObjectStore
from services.retriever.item_file import SHORT_READ, Item, read_item, write_item

ITEM, GONE = ".item", ".gone"


def row_of(item_id: str) -> str:
    """Return the digest under which an item's vector and objects are kept."""
    return sha256_hex(f"item/1/{item_id}".encode())[:ID_HEX]


@dataclass(frozen=True)
class ItemLog:
    """The items of one gallery; `home` is its prefix."""

    objects: ObjectStore
    home: str

    def current(self) -> dict[str, str]:
        """Return the newest key of every digest; older ones are removed on the way."""
        found: dict[str, str] = {}
        for key in list(self.objects.list(f"{self.home}/items/")):  # in order, the newest last
            row = key.split("/")[-2]
            if row in found:
                self.objects.delete(found[row])
            found[row] = key
        return found

    def put(self, item: Item, known: str) -> str:
        """Write an item; return its key. known: the key that this replica took for the newest."""
        data = write_item(item)
        key = self._key(item.item_id, known, f"{sha256_hex(data)[:8]}{ITEM}")
        self.objects.put(key, data)
        if known:
            self.objects.delete(known)
        return key

    def delete(self, item_id: str, *, indexed: bool) -> str:
        """Delete an item; return the key that says so, empty where none is needed.

        indexed: the gallery's index holds it, so that its deletion must be remembered.
        """
        old = list(self.objects.list(f"{self.home}/items/{row_of(item_id)}/"))
        key = old.pop() if old and old[-1].endswith(GONE) else ""
        if indexed and not key:
            key = self._key(item_id, old[-1] if old else "", f"00000000{GONE}")
            self.objects.put(key, canonical_json({"format": 1, "item_id": item_id}))
        for leftover in old:
            self.objects.delete(leftover)
        return key

    def read(self, key: str, *, whole: bool = False) -> Item:
        """Return an item, its image's bytes only if `whole`; KeyError where it is gone by now."""
        if not whole:
            found = read_item(key, self.objects.get_range(key, 0, SHORT_READ), whole=False)
            if found:
                return found
        found = read_item(key, self.objects.get(key), whole=True)
        assert found
        return found

    def _key(self, item_id: str, known: str, ending: str) -> str:
        """A key is later than what it replaces, whatever this machine's clock says."""
        before = int(known.rpartition("/")[2][:20]) if known else 0
        now = max(time.time_ns(), before + 1)
        return f"{self.home}/items/{row_of(item_id)}/{now:020d}-{ending}"
