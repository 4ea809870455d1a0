"""Read one shard's entries of a manifest. Knows the manifest's place and schema."""

import json

from pairmill.core.errors import FormatError
from pairmill.core.records import Entry
from pairmill.core.tables import from_parquet
from pairmill.pipeline.runs import protected_key
from pairmill.pipeline.shard import Shard
from pairmill.ports.objects import ObjectStore


def read_entries(shard: Shard, objects: ObjectStore) -> list[Entry]:
    """Return the shard's entries in the manifest's order, without making records of the others."""
    key = f"{shard.home}/manifest.parquet"
    try:
        return from_parquet(Entry, objects.get(key), where=("shard", shard.name))
    except KeyError:
        raise FormatError(f"{key} is missing: start the run again, it lists the source") from None
    except FormatError as error:
        raise FormatError(f"{key}: {error}") from None


def read_protected(shard: Shard, objects: ObjectStore) -> frozenset[str]:
    """Return the keys of images that no filter may drop; of a gallery, all of them."""
    if shard.node.endswith("@gallery"):
        return frozenset(entry.key for entry in read_entries(shard, objects))
    if not shard.graph.spec.protected:
        return frozenset()
    key = protected_key(shard.home, shard.graph.spec.protected)
    try:
        return frozenset(json.loads(objects.get(key)))
    except KeyError:
        raise FormatError(f"{key} is missing: start the run again, it lists the source") from None
