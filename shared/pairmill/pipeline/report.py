"""Put every figure of a run into one JSON value with stable keys. Knows commits; runs nothing.

`docs/report.md` lists the keys. Everything but `seconds` and `cost` is the same in every run of one
request.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pairmill.pipeline.barrier import dead_shards
from pairmill.pipeline.bill import bill_of
from pairmill.pipeline.commit import Commit, CommitLog
from pairmill.pipeline.gated import gated_sections
from pairmill.pipeline.graph import Graph, cost_key
from pairmill.ports.objects import ObjectStore

COUNTED = {
    "embed": "images", "mine": "queries", "select": "pairs", "describe": "descriptions",
    "instruct": "written", "gate": "triplets", "edit": "edits", "index": "indexed",
}  # fmt: skip
"""Which count a stage's outputs are."""


def build_report(objects: ObjectStore, graph: Graph) -> dict[str, Any]:
    """Return the report of a run, of as many of its nodes as are committed."""
    spec = graph.spec
    report: dict[str, Any] = {
        "format": 1,
        "run": spec.name,
        "corpus": spec.corpus,
        "gallery": spec.gallery or spec.corpus,
        "counts": {},
        "rejects": {},
        "stages": {},
        "dead": {},
        "seconds": {},
    }
    rejects: Counter[str] = Counter()
    every = {n.name: list(CommitLog(objects, n.commits).read_all()) for n in graph.nodes}
    for node in graph.nodes:
        commits = every[node.name]
        totals = _totals(commits)
        report["stages"][node.name] = totals
        rejects.update(totals["rejects"])
        rejects.update(totals["parts"])
        report["dead"][node.name] = sorted(dead_shards(objects, graph, node))
        report["seconds"][node.name] = _seconds(objects, [cost_key(node, c.shard) for c in commits])
        if node.name in COUNTED:
            report["counts"][COUNTED[node.name]] = totals["outputs"]
        for commit in commits:
            report |= _from_facts(node.name, commit)
        if node.name == "mine":
            report |= _recall(commits)
        if node.name == "embed":
            report |= _captions(commits)
    report["rejects"] = dict(sorted(rejects.items()))
    report["seconds"]["total"] = round(sum(report["seconds"].values()), 3)
    report |= gated_sections(every.get("gate", []))
    if cost := bill_of(objects, graph, every):
        report["cost"] = cost
    return report


def write_report(objects: ObjectStore, graph: Graph) -> dict[str, Any]:
    """Write `runs/<run>/report.json` and return it."""
    report = build_report(objects, graph)
    text = json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    objects.put(f"runs/{graph.spec.name}/report.json", (text + "\n").encode())
    return report


def _totals(commits: list[Commit]) -> dict[str, Any]:
    rejects: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for commit in commits:
        rejects.update(commit.counts.rejects)
        parts.update(commit.counts.parts)
    return {
        "inputs": sum(commit.counts.inputs for commit in commits),
        "outputs": sum(commit.counts.outputs for commit in commits),
        "rejects": dict(rejects),
        "parts": dict(parts),
    }


def _recall(commits: list[Commit]) -> dict[str, Any]:
    """Return what an approximate engine found of the neighbours that were to be found, by space:
    of all within the window, and of those inside the band."""
    totals: dict[str, Counter[str]] = {}
    for commit in commits:
        for space, measured in commit.facts.get("recall", {}).items():
            totals.setdefault(space, Counter()).update(measured)
    found: dict[str, Any] = {}
    for key, part in (("recall", ""), ("recall_in_band", "band_")):
        shares = {space: round(counts[part + "found"] / counts[part + "wanted"], 6)
                  for space, counts in totals.items() if counts[part + "wanted"]}  # fmt: skip
        if shares:
            found[key] = shares
    return found


def _relations(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each set of spaces gave: candidates, pairs, and its share of all pairs."""
    mined, kept = facts["candidates"], facts["pairs"]
    total = sum(kept.values()) or 1
    return {
        name: {"candidates": num, "pairs": kept.get(name, 0),
               "share": round(kept.get(name, 0) / total, 6)}
        for name, num in mined.items()
    }  # fmt: skip


def _captions(commits: list[Commit]) -> dict[str, Any]:
    """Return how many images a person captioned, how many a machine, and how many nobody."""
    kinds: Counter[str] = Counter()
    for commit in commits:
        kinds.update(commit.facts.get("captions", {}))
    return {"captions": dict(kinds)} if kinds else {}


def _seconds(objects: ObjectStore, keys: list[str]) -> float:
    costs = [json.loads(objects.get(key)) for key in keys if objects.exists(key)]
    return round(sum(float(cost["seconds"]) for cost in costs), 3)


def _from_facts(node: str, commit: Commit) -> dict[str, Any]:
    if node == "evaluate":
        return {"quality": commit.facts["quality"]}
    if node == "select" and "relations" in commit.facts:
        return {"relations": _relations(commit.facts["relations"])}
    if node == "train":
        return {"training": dict(commit.facts)}
    return {}
