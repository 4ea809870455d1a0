"""Publish a run's retriever as a version of its corpus's model, and move the alias to it.

Knows commits and keys; knows no weights' meaning. `models/<corpus>/<version>/` holds the weights
and their config, written once; `models/<corpus>/aliases/latest.json` says which version serves.
"""

from pairmill.core.ids import canonical_json, sha256_hex
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.graph import ALL, Graph
from pairmill.pipeline.published import read_checkpoint
from pairmill.ports.objects import ObjectStore

VERSION_HEX = 12


def publish(objects: ObjectStore, graph: Graph, alias: str = "latest") -> str:
    """Publish what the run's training committed; return the version, a digest of the weights.

    What is published is the trained retriever, or the untrained one where the training did not
    validate better (the commit's facts say which, and why).
    """
    commit = CommitLog(objects, graph.node("train").commits).read(ALL)
    files = [file for file in commit.files if file.data_set == "checkpoint"]
    weights, config = read_checkpoint(objects, files)
    version, home = sha256_hex(weights)[:VERSION_HEX], f"models/{graph.spec.corpus}"
    objects.create(f"{home}/{version}/weights.safetensors", weights)
    objects.create(f"{home}/{version}/config.json", config)
    said = {key: commit.facts[key] for key in ("published", "why")}
    # with it, a retriever sees that a run which was tried again has indexed more than before
    indexed = sum(commit.counts.outputs for commit in _index(objects, graph).read_all())
    moved = {"version": version, "run": graph.spec.name, "indexed": indexed, **said}
    objects.put(f"{home}/aliases/{alias}.json", canonical_json(moved))
    return version


def _index(objects: ObjectStore, graph: Graph) -> CommitLog:
    """Return the commits of what the run's retriever searches: its own gallery, or the corpus."""
    place = "@gallery" if graph.spec.gallery else ""
    return CommitLog(objects, graph.node(f"index{place}").commits)
