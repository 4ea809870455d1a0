"""Ask images by their own captions: text → image. Knows captions, ids and rows; knows no figure.

A caption that fits several images of what is searched says nothing about a retriever that returns
one of the others, so that only captions that belong to one image alone are asked.
"""

from collections import Counter
from collections.abc import Mapping

from pairmill.core.ids import order_key
from pairmill.core.ranking import Asked
from pairmill.core.records import ImageRecord
from pairmill.pipeline.benchmark import read_images
from services.evaluator.asking import ABSENT, Pool, Question, Questions
from services.evaluator.case import Desk, encode
from services.evaluator.judging import Case

TASK = "text_to_image"
MOST = 5000
"""Captions that are asked, drawn by id: enough for an interval of some 1.4 points of recall."""
MACHINE = "machine"
"""The kind of captions that nobody wrote; they are never asked."""


def caption_case(desk: Desk, case: Case) -> Case:
    """Return the case of text → image over what `case` searches.

    Asked are the images of a gallery of its own, or else those that the queries of `case` name:
    training never saw either, as it may have seen the rest of a corpus with its captions.
    """
    images = read_images(desk.shard, desk.objects)
    known = {image.image_id: image for image in (*images.others, *images.searched)}
    pool = case.pool
    searched = range(pool.num_searched)
    rows = searched if desk.shard.graph.spec.gallery else named_rows(case.questions)
    captions = {row: known[pool.ids[row]] for row in searched if pool.ids[row] in known}
    texts = alone(captions)
    questions = ask_captions({row: texts[row] for row in rows if row in texts}, pool)
    return encode(desk, questions, pool)


def named_rows(questions: Questions) -> set[int]:
    """Return the rows of all images that queries show or want."""
    shown = {question.image for question in questions.asked} - {ABSENT}
    return shown | {row for question in questions.asked for row in question.asked.targets}


def alone(images: Mapping[int, ImageRecord]) -> dict[int, str]:
    """Return the first human caption of each image, by row, where no other image bears it.

    Case and spaces make no difference, nor which of its captions another image bears.
    """
    texts = {row: _human(image) for row, image in images.items()}
    bearers = Counter(text for own in texts.values() for text in {_plain(one) for one in own})
    return {row: own[0] for row, own in texts.items() if own and bearers[_plain(own[0])] == 1}


def ask_captions(captions: Mapping[int, str], pool: Pool) -> Questions:
    """Return one question a caption, `MOST` at the most; its image is the one target."""
    drawn = sorted(captions, key=lambda row: order_key(0, TASK, pool.ids[row]))[:MOST]
    asked = tuple(
        Question(query_id=pool.ids[row], task=TASK, image=ABSENT, text=text,
                 asked=Asked(targets=(row,)))
        for text, row in enumerate(drawn)
    )  # fmt: skip
    return Questions(asked=asked, texts=tuple(captions[row] for row in drawn), refused=())


def _human(image: ImageRecord) -> list[str]:
    human = [caption for caption in image.captions if caption.kind != MACHINE]
    return [caption.text for caption in human if caption.text.strip()]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
