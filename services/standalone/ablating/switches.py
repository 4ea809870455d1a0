"""The built-in switches: what each changes in the base configuration, and what one learns from it.

Knows configurations as plain values; runs nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from pairmill.core.errors import ConfigError
from pairmill.core.records import SPACES
from pairmill.editing import OPERATIONS

Values = Mapping[str, Any]
FULL = "full"
OWN = "own"


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One change of the base configuration.

    changes: laid over it. share: of the base's mined triplets that the training may take, or 0
    where the switch says nothing of it; a number of triplets is part of `changes`.
    """

    name: str
    about: str
    group: str = OWN
    changes: Values = field(default_factory=dict)
    share: float = 0.0


def built_in() -> dict[str, Switch]:
    """Return every built-in switch by name, groups together."""
    found = [
        Switch(name=FULL, about="the base configuration, nothing changed", group="base"),
        *_negatives(), *_spaces(), *_sources(), *_sizes(), *_instructions(), *_edits(),
    ]  # fmt: skip
    return {switch.name: switch for switch in found}


def groups() -> dict[str, list[Switch]]:
    """Return the built-in switches by group."""
    found: dict[str, list[Switch]] = {}
    for switch in built_in().values():
        found.setdefault(switch.group, []).append(switch)
    return found


def choose(asked: Iterable[str | Values]) -> list[Switch]:
    """Return `full` and the switches that are asked for, each once, in order.

    asked: names of switches or groups, or mappings of an own name to what it changes. Raises
    ConfigError where a name is unknown, or an own one is that of a built-in switch.
    """
    found = {FULL: built_in()[FULL]}
    for each in asked:
        for switch in _named(each) if isinstance(each, str) else _own(each):
            found.setdefault(switch.name, switch)
    return list(found.values())


def _named(name: str) -> list[Switch]:
    switches = built_in()
    if name in switches:
        return [switches[name]]
    if name in groups():
        return groups()[name]
    raise ConfigError(
        f"switches: got {name!r}, wanted a group ({', '.join(groups())}), a switch that `pairmill "
        "ablate --list` names, or your own as `name: {part: {value: …}}`"
    )


def _own(given: Values) -> list[Switch]:
    for name, changes in given.items():
        if name in built_in() or name in groups():
            raise ConfigError(f"switches: {name!r} is built in; call your own by another name")
        if not isinstance(changes, Mapping):
            raise ConfigError(f"switches: {name}: got {changes!r}, wanted values of parts of a run")
    return [Switch(name=n, about="your own", changes=changes) for n, changes in given.items()]


def _training(name: str, group: str, about: str, **values: Any) -> Switch:
    return Switch(name=name, group=group, about=about, changes={"training": values})


def _negatives() -> list[Switch]:
    group = "negatives"
    return [
        _training("in-batch-only", group, "neither the query image nor a mined image is a negative",
                  query_negative=False, negatives="none"),
        _training("no-query-negative", group, "the query image is no negative; mined ones are",
                  query_negative=False),
        _training("no-mined-negatives", group, "the query image is the only hard negative",
                  negatives="none"),
        _training("random-negatives", group, "images drawn at random in place of mined negatives",
                  negatives="random"),
    ]  # fmt: skip


def _spaces() -> list[Switch]:
    kept = [*((space,) for space in SPACES), *combinations(SPACES, 2)]
    return [
        Switch(name=f"space-{'+'.join(spaces)}", group="spaces",
               about=f"pairs are mined in {' and '.join(spaces)} alone",
               changes={"mining": {"spaces": list(spaces)}})
        for spaces in kept
    ]  # fmt: skip


def _sources() -> list[Switch]:
    kinds = {"mined-only": ["mined"], "edits-only": ["edit"], "mined-and-edits": ["mined", "edit"]}
    return [
        _training(name, "sources", f"learns from triplets of: {', '.join(kinds[name])}",
                  sources=kinds[name])
        for name in kinds
    ]  # fmt: skip


def _sizes() -> list[Switch]:
    return [
        Switch(name=f"size-{name}", group="sizes", share=share,
               about=f"{name} of the mined triplets, no edits: the scaling curve",
               changes={"training": {"sources": ["mined"]}})
        for name, share in (("1/16", 1 / 16), ("1/8", 1 / 8), ("1/4", 1 / 4), ("1/2", 1 / 2),
                            ("1", 1.0))
    ]  # fmt: skip


def _instructions() -> list[Switch]:
    about = "the target's caption in three fixed frames in place of what differs"
    return [Switch(name="instructions-templates", group="instructions", about=about,
                   changes={"instructing": {"instructor": "templates"}})]  # fmt: skip


def _edits() -> list[Switch]:
    return [
        Switch(name=f"no-edit-{name.replace('_', '-')}", group="edits",
               about=f"every edit but {name.replace('_', ' ')}: worse without it, it helps",
               changes={"editing": {"operations": [o for o in OPERATIONS if o != name]}})
        for name in OPERATIONS
    ]  # fmt: skip
