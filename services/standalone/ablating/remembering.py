"""Remember the features of texts that several runs of one process ask for. Knows the encoder port;
knows no run.

Only the same texts in the same call are remembered: then the bytes are those of a run alone.
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pairmill.core.ids import digest_of
from pairmill.ports.encoder import Encoder
from pairmill.wiring import Ports

Floats = NDArray[np.float32]
MOST_TEXTS = 200_000
"""Some 300 MB of the starter's features."""


class Memory:
    """Calls and what they gave; the oldest go first."""

    def __init__(self, most_texts: int = MOST_TEXTS) -> None:
        self._most, self._num = most_texts, 0
        self._calls: OrderedDict[str, Floats] = OrderedDict()

    def text_features(self, encoder: Encoder, texts: Sequence[str]) -> Floats:
        """Return what the encoder gives for these texts, asking it the first time only."""
        name = digest_of([encoder.encoder_id, list(texts)], length=32)
        if name not in self._calls:
            self._calls[name] = encoder.text_features(texts)
            self._num += len(texts)
        while self._num > self._most and len(self._calls) > 1:
            self._num -= len(self._calls.popitem(last=False)[1])
        return self._calls[name]


class Remembering:
    """An encoder that asks its memory for texts; in all else it is the encoder it was given."""

    def __init__(self, encoder: Encoder, memory: Memory) -> None:
        self._encoder, self._memory = encoder, memory

    def text_features(self, texts: Sequence[str]) -> Floats:
        """Return the text tower's features, (B, text_dim)."""
        return self._memory.text_features(self._encoder, texts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)


_memory = Memory()


class RememberingPorts(Ports):
    """Ports of a run whose encoder remembers what another run of this process asked."""

    @cached_property
    def encoder(self) -> Encoder:
        """The two towers and their spaces."""
        return cast("Encoder", Remembering(super().encoder, _memory))
