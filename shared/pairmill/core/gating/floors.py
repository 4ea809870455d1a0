"""Say when too little is left to train on what models wrote. Knows counts; stops nothing itself."""

from collections.abc import Mapping

from pairmill.core.gating.tally import Tally


def too_few_kept(
    *, kept: int, seen: int, floor: float, least_seen: int, gates: Mapping[str, Tally]
) -> str:
    """Return why a run must not train on what was kept, or an empty string.

    kept, seen: pairs. floor: share kept that a run needs, 0 to 1. least_seen: pairs below which a
    share says nothing. gates: whose rejects the message names, those that took most first.
    """
    if seen < least_seen or kept >= floor * seen:
        return ""
    took = sorted((-sum(tally.fell.values()), name) for name, tally in gates.items())
    told = ", ".join(f"{name} {-num}" for num, name in took[:3] if num)
    return (
        f"the gates kept {kept} of {seen} pairs ({kept / seen:.1%}), and gating.floor asks for "
        f"{floor:.1%}; most texts fell by {told or 'no gate'}. Look at the report's examples: "
        "another model or prompt may be needed, or a lower threshold"
    )
