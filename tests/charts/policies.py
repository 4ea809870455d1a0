"""Judge network policies as a cluster would. Knows labels and ports; knows nothing of Pairmill."""

from typing import Any

from tests.charts.rendering import Manifest, of_kind

Labels = dict[str, str]
Peer = dict[str, Any]


def selects(selector: Any, labels: Labels) -> bool:
    """Say whether a label selector takes these labels; an empty one takes all."""
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get("matchExpressions", []):
        if each["operator"] != "In":
            raise NotImplementedError(each["operator"])
        if labels.get(each["key"]) not in each["values"]:
            return False
    return True


def allows(manifests: list[Manifest], caller: Labels, called: Labels, port: int) -> bool:
    """Say whether one pod may call another one of the same namespace on a port."""
    return _one_way(manifests, "egress", caller, called, port) and _one_way(
        manifests, "ingress", called, caller, port
    )


def blocks_out(manifests: list[Manifest], caller: Labels) -> dict[str, set[int]]:
    """Return the addresses outside the cluster that a pod may call, and on which ports."""
    found: dict[str, set[int]] = {}
    for rule in _rules(manifests, "egress", caller) or []:
        for peer in rule["to"]:
            if "ipBlock" in peer:
                ports = {each["port"] for each in rule["ports"]}
                found.setdefault(peer["ipBlock"]["cidr"], set()).update(ports)
    return found


def _one_way(manifests: list[Manifest], way: str, own: Labels, other: Labels, port: int) -> bool:
    rules = _rules(manifests, way, own)
    return rules is None or any(_lets(rule, way, other, port) for rule in rules)


def _rules(manifests: list[Manifest], way: str, labels: Labels) -> list[Any] | None:
    """Return the rules that hold for a pod in one direction; None: no policy does."""
    rules: list[Any] | None = None
    for policy in of_kind(manifests, "NetworkPolicy"):
        spec = policy["spec"]
        types = [each.lower() for each in spec["policyTypes"]]
        if way in types and selects(spec["podSelector"], labels):
            rules = [*(rules or []), *spec.get(way, [])]
    return rules


def _lets(rule: Any, way: str, other: Labels, port: int) -> bool:
    peers = rule.get("to" if way == "egress" else "from")
    known = not peers or any(
        "podSelector" in peer
        and "namespaceSelector" not in peer
        and selects(peer["podSelector"], other)
        for peer in peers
    )
    return known and any(each["port"] == port for each in rule["ports"])
