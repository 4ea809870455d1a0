"""Keep answers under the digest of their question, so that nothing is asked twice.

Knows answers and the object store port; knows no prompt. What was refused is not kept: a refusal
costs nothing, and may end when the server is set up otherwise.
"""

import json
from dataclasses import asdict

from pairmill.core.errors import FormatError
from pairmill.core.ids import canonical_json
from pairmill.ports.chat import Answer, Tokens
from pairmill.ports.objects import ObjectStore

FOLDER = "answers"
FORMAT = 1


class KeptAnswers:
    """Answers in an object store, one object `answers/<digest>` each; in none, nothing is kept."""

    def __init__(self, objects: ObjectStore | None) -> None:
        self._objects = objects

    def find(self, digest: str) -> Answer | None:
        """Return the answer of that digest, if it was kept; FormatError where it cannot be read."""
        if self._objects is None:
            return None
        key = f"{FOLDER}/{digest}"
        try:
            data = self._objects.get(key)
        except KeyError:
            return None
        try:
            row = json.loads(data)
            wrong = "" if row.pop("format") == FORMAT else "another version's answer"
            tokens = Tokens(**row.pop("tokens"))
            answer = Answer(**row, tokens=tokens)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            wrong = f"{type(error).__name__} on reading it"
        if wrong:
            raise FormatError(f"{key}: got {wrong}, wanted a kept answer: delete it to ask again")
        return answer

    def keep(self, digest: str, answer: Answer) -> None:
        """Keep an answer under a digest."""
        if self._objects is not None:
            data = canonical_json({"format": FORMAT, **asdict(answer)})
            self._objects.put(f"{FOLDER}/{digest}", data)
