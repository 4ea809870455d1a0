"""Find out which checkpoint an alias names. Knows keys of the object store; loads nothing.

`models/<model>/aliases/<alias>.json` holds the version and the run that made it.
"""

import json
from dataclasses import dataclass

from pairmill.core.errors import ConfigError, FormatError
from pairmill.ports.objects import ObjectStore
from pairmill.settings import RetrieverSettings


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A version of a model, and the run that trained it and indexed so many images."""

    model: str
    version: str
    run: str
    indexed: int = 0


def choose(objects: ObjectStore, wanted: RetrieverSettings) -> Choice | None:
    """Return what the alias names now; None where nothing is published under it yet.

    Raises ConfigError where no model is named and there are several.
    """
    model = wanted.model or _only_model(objects, wanted.alias)
    if not model:
        return None
    key = f"models/{model}/aliases/{wanted.alias}.json"
    try:
        said = json.loads(objects.get(key))
        return Choice(model=model, version=str(said["version"]), run=str(said["run"]),
                      indexed=int(said.get("indexed", 0)))  # fmt: skip
    except KeyError:
        return None if not objects.exists(key) else _unreadable(key)
    except (ValueError, TypeError):
        return _unreadable(key)


def _only_model(objects: ObjectStore, alias: str) -> str:
    end = f"/aliases/{alias}.json"
    keys = (key for key in objects.list("models/") if key.endswith(end))
    models = sorted(key.removeprefix("models/").removesuffix(end) for key in keys)
    if len(models) > 1:
        raise ConfigError(
            f"there are {len(models)} models with an alias {alias!r}: {', '.join(models[:20])}; "
            "name one in PAIRMILL_RETRIEVER__MODEL"
        )
    return models[0] if models else ""


def _unreadable(key: str) -> Choice:
    raise FormatError(f"{key}: wanted JSON with a version and a run; move the alias again")
