"""Judge by the run's own spaces and captions: the local twin of a judge that looks.

Knows features, captions and the shipped head; knows no pixel and no server. A candidate is held to
fit where three things agree: the composed query ranks it little below the target (the rule of
UniME-V2, arXiv 2510.13515, and of Qwen3-VL-Embedding, arXiv 2601.04720), its picture is like the
target's, and its caption contradicts the target's in no word that tells
(`pairmill.core.gating.telling`). The target is the measure of all, so it always fits: this judge
finds false negatives and cannot say that an instruction is wrong.

    N images, F image features, T text features, D dims of the joint space
"""

from collections.abc import Generator, Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pairmill.config.gating import JudgingConfig
from pairmill.core.gating.judging import Trial, Verdict
from pairmill.core.gating.telling import Telling, caption_words, learn_telling, look_alikes
from pairmill.core.ids import order_key
from pairmill.core.synthesis import RawAnswer
from pairmill.ports.encoder import Encoder
from pairmill.ports.judge import Album

if TYPE_CHECKING:
    from pairmill.models.retriever import Retriever

Floats = NDArray[np.float32]
AUTHOR = "encoder/1"
"""Raise the number when equal features would be judged otherwise."""
NUM_ALIKE, MOST_LEARNT = 3, 10_000
"""Look-alikes of an image, and images drawn by id, from which it is learnt which words tell."""
TRIALS_AT_ONCE = 64
"""Whose texts pass the text tower together."""
STEEP_MARGIN, STEEP_CONTRAST, STEEP_LIKENESS = 2.0, 5.0, 20.0
"""How fast scores leave one half: at a distance of 0 the first two give 0.88 and 0.99."""


class EncoderJudge:
    """The judge without a language model. Equal input gives equal scores."""

    def __init__(self, album: Album, encoder: Encoder, config: JudgingConfig) -> None:
        self._album, self._encoder, self._config = album, encoder, config
        self._rows = {image_id: row for row, image_id in enumerate(album.ids)}
        self._words = [caption_words(caption) for caption in album.captions]

    @property
    def author(self) -> str:
        """Name and version."""
        return f"{AUTHOR} on {self._encoder.encoder_id}"

    def judge(self, trials: Sequence[Trial]) -> list[tuple[Verdict, ...]]:
        """Return the verdicts of each trial, in order. Fault: `no_features`."""
        return [verdicts for _, verdicts in self.each(trials)]

    def each(self, trials: Iterable[Trial]) -> Generator[tuple[Trial, tuple[Verdict, ...]]]:
        """Yield each trial with its verdicts, in order."""
        waiting = iter(trials)
        while some := list(islice(waiting, TRIALS_AT_ONCE)):
            yield from zip(some, self._judge_some(some), strict=True)

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return nothing: no model of language is asked."""
        return ()

    def _judge_some(self, trials: Sequence[Trial]) -> list[tuple[Verdict, ...]]:
        texts = sorted({text for trial in trials for text in trial.instructions})
        by_text = dict(zip(texts, self._encoder.text_features(texts), strict=True))
        return [self._judge_one(trial, np.array([by_text[text] for text in trial.instructions]))
                for trial in trials]  # fmt: skip

    def _judge_one(self, trial: Trial, texts_IT: Floats) -> tuple[Verdict, ...]:
        ends = [self._rows.get(trial.query_id), self._rows.get(trial.target_id)]
        query, target = ends
        if query is None or target is None:
            return tuple(Verdict(image_id=i, fault="no_features") for i in trial.candidates)
        images_IF = np.repeat(self._album.features_NF[query][None], len(texts_IT), axis=0)
        queries_ID = self._retriever.embed_queries(images_IF, texts_IT)
        return tuple(self._verdict(image, target, queries_ID) for image in trial.candidates)

    def _verdict(self, image_id: str, target: int, queries_ID: Floats) -> Verdict:
        row = self._rows.get(image_id)
        if row is None:
            return Verdict(image_id=image_id, fault="no_features")
        behind_I = queries_ID @ (self._joint[target] - self._joint[row])
        alike = self._alike(row, target)
        scores = (min(alike, _logistic(STEEP_MARGIN * (1 - float(behind) / self._config.margin)))
                  for behind in behind_I)  # fmt: skip
        return Verdict(image_id=image_id, scores=tuple(round(score, 6) for score in scores))

    def _alike(self, row: int, target: int) -> float:
        """Return how likely two images show the same, by picture and by words."""
        config, words = self._config, (self._words[row], self._words[target])
        least = config.likeness if all(words) else config.likeness_alone
        likeness = np.mean([space[row] @ space[target] for space in self._visual])
        by_picture = _logistic(STEEP_LIKENESS * (float(likeness) - least))
        if not all(words):
            return by_picture
        contrast = self._telling.contrast(*words)
        return min(by_picture, _logistic(STEEP_CONTRAST * (1 - contrast / config.contrast)))

    @cached_property
    def _retriever(self) -> "Retriever":
        from pairmill.models.retriever import Retriever

        encoder = self._encoder
        return Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id)

    @cached_property
    def _joint(self) -> Floats:
        return self._retriever.embed_images(self._album.features_NF)

    @cached_property
    def _visual(self) -> list[Floats]:
        return [self._encoder.project(space.name, self._album.features_NF)
                for space in self._encoder.spaces if space.reads == "image"]  # fmt: skip

    @cached_property
    def _telling(self) -> Telling:
        told = [row for row, words in enumerate(self._words) if words]
        ids = self._album.ids
        rows = sorted(told, key=lambda row: order_key(0, "tell", ids[row]))[:MOST_LEARNT]
        near = look_alikes([space[rows] for space in self._visual], NUM_ALIKE)
        return learn_telling([self._words[row] for row in rows], near)


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -50, 50))))
