"""Find what the texts about two images share and what only one of them says.

Knows portraits; knows no record of a pair. Attributes decide what differs where they explain the
captions well; elsewhere captions are compared part by part and attributes name what they find.
"""

from collections.abc import Mapping

from pairmill.core import wording
from pairmill.core.aspects import DETAIL, STYLE, STYLE_HEADS, SUBJECT, Aspect, Fact
from pairmill.core.errors import RejectError
from pairmill.core.portraits import Part, Portrait, strip_drawn
from pairmill.core.spans import Contrast, compare

EXPLAINED = 0.55
"""Above this share, attributes say what differs and captions only lend their words. Below it, a
caption says more than the attributes do, and is compared itself. Captions of the drawn sample lie
above, free captions beside a category below."""


def contrast(query: Portrait, target: Portrait) -> Contrast:
    """Return what both portraits share and what only one of them says.

    Raises RejectError("nothing_to_name") where attributes differ and the target's side of it
    cannot be named without the source's.
    """
    changed = _changed_facts(query, target)
    if min(query.explained, target.explained) > EXPLAINED and query.facts and target.facts:
        found = Contrast(shared=_shared_parts(query, target))
        for name in changed:
            _contrast_fact(found, name, query, target)
    else:
        found = _contrast_parts(query, target, changed)
        for name in changed:
            if not _is_named(found, query.facts.get(name), target.facts.get(name)):
                _contrast_fact(found, name, query, target)
    same = [f for n, f in target.facts.items() if f.values and query.facts.get(n) == f]
    found.shared += [Aspect(f.kind, v) for f in same for v in f.values]
    if not found.target and not found.query:
        _contrast_tags(found, query, target)
    return Contrast(*(_distinct(side) for side in (found.shared, found.query, found.target)))


def _distinct(aspects: list[Aspect]) -> list[Aspect]:
    return [aspect for aspect in dict.fromkeys(aspects) if aspect.text]


def _changed_facts(query: Portrait, target: Portrait) -> list[str]:
    """Return the names of attributes that differ.

    One that only the query has counts where captions or an explicit blank say the target lacks it.
    """
    names = []
    for name in sorted(query.facts.keys() | target.facts.keys()):
        one, other = query.facts.get(name), target.facts.get(name)
        before, after = (f.keys if f else frozenset() for f in (one, other))
        if before == after:
            continue
        if after or other is not None or (target.parts and query.parts and not before & target.keys):
            names.append(name)
    return names


def _contrast_fact(found: Contrast, name: str, query: Portrait, target: Portrait) -> None:
    """Add one differing attribute, worded as in the target's caption where that reads better."""
    one, other = query.facts.get(name), target.facts.get(name)
    kind = (other or one).kind  # type: ignore[union-attr]
    before = one.keys if one else frozenset()
    novel = [v for v in (other.values if other else ()) if wording.keys_of(v) - before]
    if one is None and other and other.keys <= query.keys:
        return  # the query's caption says the same
    if not novel:
        raise RejectError("nothing_to_name", f"{name}: only the query image has it")
    if kind == SUBJECT and one and len(one.values) == 1 and len(novel) == 1:
        inner = compare(wording.words(one.values[0]), wording.words(novel[0]), kind, {})
        found.query += inner.query
        found.target += inner.target
        found.shared += inner.shared
        return
    found.query += [Aspect(kind, v) for v in (one.values if one else ()) if v not in novel]
    found.target.append(Aspect(kind, _worded(kind, novel, target)))


def _worded(kind: str, values: list[str], target: Portrait) -> str:
    if kind == STYLE and wording.words(values[0])[-1].key not in STYLE_HEADS:
        for part in target.parts:
            if part.kind == STYLE:  # "black line drawing" says more than "high-contrast"
                return wording.text_of(strip_drawn(part.words))
    return " and ".join(values)


def _is_named(found: Contrast, one: Fact | None, other: Fact | None) -> bool:
    """Say whether the captions' differences already name what an attribute differs in."""
    if other is None:
        return False
    if other.kind in {aspect.kind for aspect in found.target}:
        return True
    novel = other.keys - (one.keys if one else frozenset())
    named = {key for aspect in found.target for key in wording.keys_of(aspect.text)}
    return bool(novel) and novel <= named


def _contrast_parts(query: Portrait, target: Portrait, changed: list[str]) -> Contrast:
    """Compare captions part by part."""
    found = Contrast(shared=_shared_parts(query, target))
    theirs = {wording.content(part.words) for part in target.parts}
    mine = {wording.content(part.words) for part in query.parts}
    left = [part for part in query.parts if wording.content(part.words) not in theirs]
    named = _named_words(query, target, changed)
    for part in target.parts:
        if wording.content(part.words) in mine:
            continue
        partner = _partner(part, left)
        if partner:
            left.remove(partner)
        inner = _compare_parts(partner, part, named)
        found.shared += inner.shared
        found.query += inner.query
        found.target += [a for a in inner.target if a in named.values() or _is_novel(a, query)]
    found.query += [Aspect(part.kind, wording.text_of(part.words)) for part in left]
    return found


def _compare_parts(
    query: Part | None, target: Part, named: Mapping[str, Aspect]
) -> Contrast:
    if query and target.kind == SUBJECT:
        return compare(query.words, target.words, SUBJECT, named)
    mine = [Aspect(query.kind, wording.text_of(query.words))] if query else []
    return Contrast(query=mine, target=[Aspect(target.kind, wording.text_of(target.words))])


def _partner(part: Part, left: list[Part]) -> Part | None:
    """Return the query's part that speaks of the same: of the same kind, the most words in common."""
    said = wording.content(part.words)

    def alike(other: Part) -> int:
        return len(said & wording.content(other.words))

    same = [other for other in left if other.kind == part.kind]
    best = max(same, key=alike, default=None)
    return best if best and (part.kind != DETAIL or alike(best)) else None


def _shared_parts(query: Portrait, target: Portrait) -> list[Aspect]:
    mine = {wording.content(part.words) for part in query.parts}
    return [
        Aspect(part.kind, wording.text_of(part.words))
        for part in target.parts
        if wording.content(part.words) in mine
    ]


def _named_words(query: Portrait, target: Portrait, changed: list[str]) -> dict[str, Aspect]:
    """Return the aspects that differing attributes name, by the words that they bring."""
    named: dict[str, Aspect] = {}
    for name in changed:
        fact = target.facts.get(name)
        if fact and fact.kind != SUBJECT:
            before = query.facts[name].keys if name in query.facts else frozenset()
            for value in fact.values:
                named |= {key: Aspect(fact.kind, value) for key in wording.keys_of(value) - before}
    return named


def _is_novel(aspect: Aspect, query: Portrait) -> bool:
    return not wording.keys_of(aspect.text) <= query.keys


def _contrast_tags(found: Contrast, query: Portrait, target: Portrait) -> None:
    """Where nothing else differs, up to three keywords of the target that the query lacks."""
    extra = [tag for tag in target.tags if not wording.keys_of(tag) & (query.keys | _tag_keys(query))]
    lost = [tag for tag in query.tags if tag not in target.tags]
    if query.tags and extra:
        found.target.append(Aspect(DETAIL, " and ".join(extra[:3])))
        found.query.extend(Aspect(DETAIL, tag) for tag in lost)


def _tag_keys(portrait: Portrait) -> frozenset[str]:
    return frozenset().union(*map(wording.keys_of, portrait.tags))


