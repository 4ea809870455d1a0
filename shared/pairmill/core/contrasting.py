"""Find what the texts about two images share and what only one of them says.

Knows portraits; knows no record of a pair. Attributes decide what differs where they explain the
captions well; elsewhere captions are compared part by part and attributes name what they find.
"""

from collections.abc import Mapping

from pairmill.core import wording
from pairmill.core.aspects import DETAIL, SUBJECT, Aspect
from pairmill.core.attributing import changed_facts, contrast_fact, is_named, named_words
from pairmill.core.portraits import Part, Portrait
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
    changed = changed_facts(query, target)
    if min(query.explained, target.explained) > EXPLAINED and query.facts and target.facts:
        found = Contrast(shared=_shared_parts(query, target))
        for name in changed:
            contrast_fact(found, name, query, target)
    else:
        found = _contrast_parts(query, target, changed)
        for name in changed:
            if not is_named(found, query.facts.get(name), target.facts.get(name)):
                contrast_fact(found, name, query, target)
    said = {aspect.kind for aspect in found.shared}
    for name, fact in target.facts.items():
        if fact.kind not in said and query.facts.get(name) == fact:
            found.shared += [Aspect(fact.kind, value) for value in fact.values]
    if not found.target and not found.query:
        _contrast_tags(found, query, target)
    return Contrast(*(_distinct(side) for side in (found.shared, found.query, found.target)))


def _distinct(aspects: list[Aspect]) -> list[Aspect]:
    return [aspect for aspect in dict.fromkeys(aspects) if aspect.text]


def _contrast_parts(query: Portrait, target: Portrait, changed: list[str]) -> Contrast:
    """Compare captions part by part."""
    found = Contrast(shared=_shared_parts(query, target))
    theirs = {wording.content(part.words) for part in target.parts}
    mine = {wording.content(part.words) for part in query.parts}
    left = [part for part in query.parts if wording.content(part.words) not in theirs]
    named = named_words(query, target, changed)
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


def _compare_parts(query: Part | None, target: Part, named: Mapping[str, Aspect]) -> Contrast:
    if query and target.kind == SUBJECT:
        return compare(query.words, target.words, SUBJECT, named)
    mine = [Aspect(query.kind, wording.text_of(query.words))] if query else []
    return Contrast(query=mine, target=[Aspect(target.kind, wording.text_of(target.words))])


def _partner(part: Part, left: list[Part]) -> Part | None:
    """Return the query's part of the same kind with the most words in common."""
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


def _is_novel(aspect: Aspect, query: Portrait) -> bool:
    return not wording.keys_of(aspect.text) <= query.keys


def _contrast_tags(found: Contrast, query: Portrait, target: Portrait) -> None:
    """Where nothing else differs, up to three keywords of the target that the query lacks."""
    extra = [
        tag for tag in target.tags if not wording.keys_of(tag) & (query.keys | _tag_keys(query))
    ]
    lost = [tag for tag in query.tags if tag not in target.tags]
    if query.tags and extra:
        found.target.append(Aspect(DETAIL, " and ".join(extra[:3])))
        found.query.extend(Aspect(DETAIL, tag) for tag in lost)


def _tag_keys(portrait: Portrait) -> frozenset[str]:
    return frozenset().union(*map(wording.keys_of, portrait.tags))
