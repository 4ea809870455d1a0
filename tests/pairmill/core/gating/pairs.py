"""A pair with a description, and texts for it, as the tests of gates want them."""

from hypothesis import settings

from pairmill.core.records import Description, Pair
from pairmill.core.synthesis import COMMAND, COMPOSED, Written

CALM = settings(max_examples=60, deadline=None)
"""For machines that are busy with other things."""


def described(
    *, shared: tuple[str, ...] = (), query: tuple[str, ...] = (), target: tuple[str, ...] = (),
    pair_id: str = "pair", text: str = "",
) -> Description:  # fmt: skip
    """Return a description of a pair of the images `q` and `t`."""
    pair = Pair(pair_id=pair_id, query_id="q", target_id="t", relations=(), negatives=("q", "n"))
    return Description(pair=pair, shared=shared, only_query=query, only_target=target, text=text,
                       author="test")  # fmt: skip


def written(
    text: str, *, task: str = COMPOSED, language: str = "en", answer: str = "", kind: str = COMMAND
) -> Written:
    """Return a text for a task."""
    return Written(text=text, kind=kind, language=language, task=task, answer=answer)
