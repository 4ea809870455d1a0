"""Where a run is written down: its specification, its places, and the mark of its root.

Knows keys and formats; knows no stage. Paths of this machine lie apart from what decides bytes.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from pairmill.config import parse_config
from pairmill.core.errors import RootError
from pairmill.core.ids import canonical_json
from pairmill.pipeline.graph import RunSpec
from pairmill.ports.objects import ObjectStore

ROOT_FORMAT = 1
ROOT_KEY = "pairmill.json"
LATEST_KEY = "runs/latest.json"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Folders that hold the corpus's and the gallery's own files; they decide no byte of a run."""

    source: str
    gallery: str = ""


def claim_root(objects: ObjectStore, corpus: str, manifest: str) -> None:
    """Mark the root as that of one corpus, or check that it already is.

    Args:
        corpus: the corpus's name. manifest: digest of its frozen listing.

    Raises:
        RootError: the root holds another corpus or another format version.
    """
    mark = canonical_json({"format": ROOT_FORMAT, "corpus": corpus, "manifest": manifest})
    if objects.create(ROOT_KEY, mark):
        return
    found = read_root(objects)
    if found.get("shared"):
        raise RootError(
            "the output folder is the root of a cluster, which holds many corpora: choose another "
            "--out, or ask its gateway with `pairmill submit`"
        )
    if found["corpus"] != corpus or found["manifest"] != manifest:
        raise RootError(
            f"the output folder holds the corpus {found['corpus']!r} (listing "
            f"{found['manifest'][:8]}), not {corpus!r} (listing {manifest[:8]}): choose another "
            "--out, or the corpus that it was made from"
        )


def claim_shared_root(objects: ObjectStore) -> None:
    """Mark the root as one of many corpora and runs, or check that it already is.

    Raises:
        RootError: the root holds a single corpus, or is of another format version.
    """
    mark = canonical_json({"format": ROOT_FORMAT, "shared": True})
    if not objects.exists(ROOT_KEY) and objects.create(ROOT_KEY, mark):
        return
    found = read_root(objects)
    if not found.get("shared"):
        raise RootError(
            f"the root is the output folder of `pairmill run`, of the corpus {found['corpus']!r} "
            "alone: give the cluster a root of its own (PAIRMILL_S3__BUCKET, PAIRMILL_S3__PREFIX "
            "or PAIRMILL_ROOT)"
        )


def read_root(objects: ObjectStore) -> dict[str, Any]:
    """Return the root's mark; RootError if it has none or is of another format version."""
    try:
        found: dict[str, Any] = json.loads(objects.get(ROOT_KEY))
    except KeyError:
        raise RootError(
            f"the folder holds no {ROOT_KEY}: wanted the output folder of `pairmill run`"
        ) from None
    if found.get("format") != ROOT_FORMAT:
        raise RootError(
            f"the output folder has format version {found.get('format')}, wanted {ROOT_FORMAT}: "
            "use the version of Pairmill that made it, or choose another --out"
        )
    return found


def protected_key(home: str, name: str) -> str:
    """Return where the keys of images lie that no filter may drop; runs differ in them, so that
    they are named as the run's specification names them."""
    return f"{home}/protected/{name}.json"


def run_key(name: str) -> str:
    """Return where a run's specification lies."""
    return f"runs/{name}/run.json"


def save_run(objects: ObjectStore, spec: RunSpec, places: Places) -> None:
    """Write down a run; writing the same run again changes nothing."""
    home = f"runs/{spec.name}"
    objects.put(run_key(spec.name), canonical_json(asdict(spec) | {"config": _dump(spec)}))
    objects.put(f"{home}/places.json", canonical_json(asdict(places)))
    objects.put(LATEST_KEY, canonical_json({"run": spec.name}))


def latest_run(objects: ObjectStore) -> str:
    """Return the name of the run that was submitted last; RootError if there is none."""
    try:
        return str(json.loads(objects.get(LATEST_KEY))["run"])
    except KeyError:
        raise RootError("the folder holds no run yet: start one with `pairmill run`") from None


def load_run(objects: ObjectStore, name: str) -> tuple[RunSpec, Places]:
    """Return a run's specification and places; RootError if there is no such run."""
    try:
        values = json.loads(objects.get(run_key(name)))
        places = json.loads(objects.get(f"runs/{name}/places.json"))
    except KeyError:
        raise RootError(
            f"no run {name!r} here; there are: {', '.join(run_names(objects))}"
        ) from None
    return RunSpec(**values | {"config": parse_config(values["config"])}), Places(**places)


def run_names(objects: ObjectStore) -> list[str]:
    """Return the names of the runs in a root, in order."""
    keys = [key.split("/") for key in objects.list("runs/")]
    return sorted({parts[1] for parts in keys if parts[2:] == ["run.json"]})


def _dump(spec: RunSpec) -> dict[str, object]:
    return spec.config.model_dump(mode="json")
