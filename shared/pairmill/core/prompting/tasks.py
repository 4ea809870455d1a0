"""Say which questions a task needs, and put what was answered together. Knows no model, no image.

Five tasks of one pair come of three questions: what a model wrote once serves several of them.
"""

from collections.abc import Iterable, Mapping

from pairmill.core.ids import generator
from pairmill.core.prompting.demonstrations import ASKS, INSTRUCT, RELATE, TELL, Texts
from pairmill.core.synthesis import (
    COMMAND,
    COMPOSED,
    COMPOSED_TO_TEXT,
    IMAGE_TO_IMAGE,
    IMAGE_TO_TEXT,
    PHRASE,
    QUESTION,
    SENTENCE,
    TEXT_TO_IMAGE,
    Written,
)

NEEDS: Mapping[str, tuple[str, ...]] = {
    COMPOSED: (INSTRUCT,),
    TEXT_TO_IMAGE: (TELL,),
    IMAGE_TO_TEXT: (TELL,),
    IMAGE_TO_IMAGE: (RELATE,),
    COMPOSED_TO_TEXT: (INSTRUCT, TELL),
}
"""By task, the questions whose answers it is made of."""

FOR_TEXT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (COMMAND, "Describe this picture"),
        (COMMAND, "Find the caption that belongs to this image"),
        (PHRASE, "a caption for this"),
        (PHRASE, "the text that tells what is shown here"),
        (QUESTION, "What does this picture show?"),
        (QUESTION, "Which description fits this image?"),
    ),
    "ko": (
        (COMMAND, "이 사진을 설명해 줘"),
        (COMMAND, "이 이미지에 맞는 설명을 찾아 줘"),
        (PHRASE, "이 사진에 어울리는 설명"),
        (PHRASE, "여기에 보이는 것을 적은 글"),
        (QUESTION, "이 사진에는 무엇이 보이나요?"),
        (QUESTION, "어떤 설명이 이 이미지에 맞을까요?"),
    ),
}
"""By language, requests for a text about an image, with their kinds; one is drawn for a pair."""


def asks_of(tasks: Iterable[str]) -> tuple[str, ...]:
    """Return the questions that some tasks need, each once."""
    needed = {ask for task in tasks for ask in NEEDS[task]}
    return tuple(ask for ask in ASKS if ask in needed)


def write_up(
    task: str, language: str, found: Mapping[str, Texts], *, pair_id: str, seed: int
) -> tuple[Written, ...]:
    """Return what was written for a task; empty where an answer that it needs is missing.

    found: by question, the texts of its answer. seed: with the pair it draws the request for a
    text.
    """
    if any(ask not in found for ask in NEEDS[task]):
        return ()
    if task in (COMPOSED, COMPOSED_TO_TEXT):
        answer = found[TELL][SENTENCE][0] if task == COMPOSED_TO_TEXT else ""
        return _each(found[INSTRUCT], task, language, answer)
    if task == IMAGE_TO_TEXT:
        requests = FOR_TEXT[language]
        row = int(generator(seed, "for_text", language, pair_id).integers(len(requests)))
        kind, text = requests[row]
        return tuple(
            Written(text=text, kind=kind, language=language, task=task, answer=answer)
            for texts in found[TELL].values()
            for answer in texts
        )
    return _each(found[TELL if task == TEXT_TO_IMAGE else RELATE], task, language)


def _each(texts: Texts, task: str, language: str, answer: str = "") -> tuple[Written, ...]:
    return tuple(
        Written(text=text, kind=kind, language=language, task=task, answer=answer)
        for kind, of_kind in texts.items()
        for text in of_kind
    )
