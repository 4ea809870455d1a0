"""Note where a corpus or gallery of a shared root came from, so that its name stays its own.

Two prefixes may end in the same name and hold files of the same names; their listings alone would
not tell them apart. Knows places and keys; lists nothing.
"""

import json

from pairmill.core.errors import CorpusError
from pairmill.core.ids import canonical_json
from pairmill.ports.objects import ObjectStore
from pairmill.sources.places import Place


def check_origin(objects: ObjectStore, home: str, place: Place) -> None:
    """Raise CorpusError where the name belongs to another address."""
    try:
        known = str(json.loads(objects.get(_key(home)))["address"])
    except KeyError:
        return
    if known != place.address:
        raise CorpusError(
            f"got {place.address}, and the name {home.partition('/')[2]!r} belongs to {known}; "
            "copy or rename one of them, so that the last part of its prefix is its own"
        )


def keep_origin(objects: ObjectStore, home: str, place: Place) -> None:
    """Note the address; CorpusError where somebody else has noted another one meanwhile."""
    if not objects.create(_key(home), canonical_json({"address": place.address})):
        check_origin(objects, home, place)


def _key(home: str) -> str:
    return f"{home}/origin.json"
