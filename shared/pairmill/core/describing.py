"""Say by rules what two images share and what differs, from their captions and attributes.

Knows records and English words; sees no pixel. What it can: tell apart captions that are built
alike ("man mechanic, dark skin tone, flat drawing"), and images whose attributes name what counts,
however their captions are worded. What it cannot: understand. It takes a paraphrase for a
difference where no attribute says otherwise, does not know that a thing is there when the caption
is silent about it, and reads English only. A language model does better and costs more.
"""

from pairmill.core import wording
from pairmill.core.aspects import ALSO, Aspect
from pairmill.core.contrasting import contrast
from pairmill.core.errors import RejectError
from pairmill.core.portraits import Portrait
from pairmill.core.records import Description, Pair
from pairmill.core.spans import Contrast


def describe_pair(
    pair: Pair, query: Portrait, target: Portrait, *, max_differences: int, author: str
) -> Description:
    """Return what the pair's images share and differ in.

    Raises RejectError: `no_text` where nothing is said of an image; `nothing_differs` where the
    same is said of both; `nothing_to_name` where a difference is one that only the source could
    name; `too_different`, with their number, beyond `max_differences` differences.
    """
    for side, portrait in (("query", query), ("target", target)):
        if portrait.is_silent:
            raise RejectError("no_text", f"neither caption nor telling attribute: {side} image")
    found = contrast(query, target)
    if not found.target:
        if found.query:
            raise RejectError("nothing_to_name", str(found.query[0]))
        raise RejectError("nothing_differs", "the same words on both sides")
    num = count_differences(found)
    if num > max_differences:
        raise RejectError("too_different", num)
    found.query.extend(_also(found, query, target))
    return Description(
        pair=pair,
        shared=tuple(map(str, found.shared)),
        only_query=tuple(map(str, found.query)),
        only_target=tuple(map(str, found.target)),
        text=_sentences(found),
        author=author,
    )


def count_differences(found: Contrast) -> int:
    """Return in how many ways two images differ: what is one on both sides counts once."""
    return max(len(found.query), len(found.target))


def _also(found: Contrast, query: Portrait, target: Portrait) -> list[Aspect]:
    """The query's remaining words, so that whoever writes an instruction can keep clear of them."""
    named = {key for aspect in found.query for key in wording.keys_of(aspect.text)}
    rest = sorted(query.keys - target.keys - named)
    return [Aspect(ALSO, " ".join(rest))] if rest else []


def _sentences(found: Contrast) -> str:
    def listed(aspects: list[Aspect]) -> str:
        return (
            ", ".join(dict.fromkeys(a.text for a in aspects if a.kind != ALSO)) or "nothing named"
        )

    return (
        f"Both show {listed(found.shared)}. Only the query image: {listed(found.query)}. "
        f"Only the target image: {listed(found.target)}."
    )
