"""Compare the attributes of two images, and word what differs as captions do.

Knows portraits; knows no part of a caption but what it lends to a value.
"""

from pairmill.core import wording
from pairmill.core.aspects import STYLE, SUBJECT, Aspect, Fact
from pairmill.core.errors import RejectError
from pairmill.core.lexicon import STYLE_HEADS
from pairmill.core.portraits import Portrait
from pairmill.core.spans import Contrast, compare


def changed_facts(query: Portrait, target: Portrait) -> list[str]:
    """Return the names of attributes that differ.

    One that only the query has counts where captions or an explicit blank say the target lacks it.
    """
    names = []
    for name in sorted(query.facts.keys() | target.facts.keys()):
        one, other = query.facts.get(name), target.facts.get(name)
        before, after = (f.keys if f else frozenset() for f in (one, other))
        if before == after:
            continue
        is_gone = target.parts and query.parts and not before & target.keys
        if other is not None or is_gone:
            names.append(name)
    return names


def contrast_fact(found: Contrast, name: str, query: Portrait, target: Portrait) -> None:
    """Add one differing attribute, worded as in the target's caption where that reads better."""
    one, other = query.facts.get(name), target.facts.get(name)
    known = other or one
    assert known is not None, f"no attribute {name} on either side"
    kind = known.kind
    before = one.keys if one else frozenset()
    novel = [v for v in (other.values if other else ()) if wording.keys_of(v) - before]
    if one is None and other and other.keys <= query.keys:
        return  # the query's caption says the same
    if not novel:
        raise RejectError("nothing_to_name", f"{name}: only the query image has it")
    if kind == SUBJECT and one and len(one.values) == 1 and len(novel) == 1:
        inner = compare(_captioned(one.values[0], query), _captioned(novel[0], target), kind, {})
        found.query += inner.query
        found.target += inner.target
        found.shared += inner.shared
        return
    gone = [v for v in (one.values if one else ()) if not other or v not in other.values]
    found.query += [Aspect(kind, _worded(kind, gone, query))] if gone else []
    found.target.append(Aspect(kind, _worded(kind, novel, target)))


def _worded(kind: str, values: list[str], portrait: Portrait) -> str:
    """Return an attribute's values in the caption's words where those read better."""
    if kind == STYLE and wording.words(values[0])[-1].key not in STYLE_HEADS:
        for part in portrait.parts:
            if part.kind == STYLE:  # "black line drawing" says more than "high-contrast"
                return wording.text_of(part.words)
    return " and ".join(values)


def _captioned(value: str, portrait: Portrait) -> wording.Words:
    """Return a value as the caption spells it: its plural, where several are shown."""
    phrase = wording.words(value)
    sought = [word.key for word in phrase]
    for part in portrait.parts:
        for i in range(len(part.words) - len(phrase) + 1):
            if [word.key for word in part.words[i : i + len(phrase)]] == sought:
                return part.words[i : i + len(phrase)]
    return phrase


def is_named(found: Contrast, one: Fact | None, other: Fact | None) -> bool:
    """Say whether the captions' differences already name what an attribute differs in."""
    if other is None:
        return False
    if other.kind in {aspect.kind for aspect in found.target}:
        return True
    novel = other.keys - (one.keys if one else frozenset())
    named = {key for aspect in found.target for key in wording.keys_of(aspect.text)}
    return bool(novel) and novel <= named


def named_words(query: Portrait, target: Portrait, changed: list[str]) -> dict[str, Aspect]:
    """Return the aspects that differing attributes name, by the words that they bring."""
    named: dict[str, Aspect] = {}
    for name in changed:
        fact = target.facts.get(name)
        if fact and fact.kind != SUBJECT:
            before = query.facts[name].keys if name in query.facts else frozenset()
            for value in fact.values:
                named |= {key: Aspect(fact.kind, value) for key in wording.keys_of(value) - before}
    return named
