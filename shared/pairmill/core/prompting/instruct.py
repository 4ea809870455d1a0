"""Put the question for texts of one pair in one language, and read the answer's value.

Knows descriptions, demonstrations and the prompt's sections; knows no image and no model.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pairmill.core.answers import Fault
from pairmill.core.aspects import ALSO, parse_aspect
from pairmill.core.ids import digest_of, generator
from pairmill.core.prompting.demonstrations import (
    RELATE,
    TELL,
    Demonstration,
    Texts,
    draw,
    folder_of,
    pool_version,
)
from pairmill.core.prompting.prompts import Filled, Prompt, load_prompt
from pairmill.core.records import Description
from pairmill.core.synthesis import COMMAND, PHRASE, QUESTION, SENTENCE

MAX_SENTENCE_CHARS = 400
_FIXED: Mapping[str, Mapping[str, int]] = {
    TELL: {PHRASE: 1, SENTENCE: 1},
    RELATE: {COMMAND: 1, PHRASE: 1},
}
_KINDS = (COMMAND, PHRASE, QUESTION)


@dataclass(frozen=True, kw_only=True)
class InstructOptions:
    """per_pair: instructions, 3 or more, shared out among the kinds. max_chars: of each of them.
    num_demonstrations: drawn for each pair. shows: phrases, text or both, of descriptions; target
    is phrases without those of the query alone. pool: fine or plain demonstrations. num_sets: of
    demonstrations, among which pairs draw; 0 lets each pair draw a set of its own."""

    per_pair: int
    max_chars: int
    num_demonstrations: int
    shows: str
    seed: int
    pool: str = "fine"
    num_sets: int = 0

    def set_of(self, pair_id: str) -> str:
        """Return the name of a pair's set of demonstrations; equal names draw equal ones."""
        if not self.num_sets:
            return pair_id
        return f"set {int(generator(self.seed, 'set', pair_id).integers(self.num_sets))}"

    def folder(self, language: str) -> str:
        """Return where a language's demonstrations lie."""
        return folder_of(language, self.pool)

    def counts(self, ask: str) -> Mapping[str, int]:
        """Return how many texts of each kind are asked for."""
        if ask in _FIXED:
            return _FIXED[ask]
        return {
            kind: len(range(i, self.per_pair, len(_KINDS))) for i, kind in enumerate(_KINDS)
        }  # fmt: skip


def instruct_version(ask: str, language: str, folder: str = "") -> str:
    """Return the version of a prompt together with its pool of demonstrations.

    folder: the pool's; empty for the language's own.
    """
    prompt = load_prompt(f"{ask}.{language}")
    both = digest_of([prompt.version, pool_version(folder or language)], length=12)
    return f"{prompt.name}/{both}"


def ask_to_write(
    ask: str, language: str, description: Description, options: InstructOptions
) -> Filled:
    """Return the question for the texts of an ask: instruct, tell or relate."""
    prompt = load_prompt(f"{ask}.{language}")
    counts = options.counts(ask)
    folder = options.folder(language)
    drawn = draw(folder, options.set_of(description.pair.pair_id), seed=options.seed,
                 count=options.num_demonstrations)  # fmt: skip
    shown = [
        prompt.fill("demonstration", description=_shown(prompt, each, options.shows),
                    answer=_answer(each.written[ask], counts))
        for each in drawn
    ]  # fmt: skip
    described = _shown(prompt, description, options.shows)
    user = prompt.fill("user", demonstrations="\n\n".join(shown), description=described)
    return Filled(
        version=instruct_version(ask, language, folder),
        system=prompt.fill("system", **counts),
        user=(user.strip("\n"),),
    )


def _shown(prompt: Prompt, described: Description | Demonstration, shows: str) -> str:
    """Return a description's lines. What must not be said is not shown either."""
    sides = [
        "; ".join(phrase for phrase in side if parse_aspect(phrase).kind != ALSO)
        for side in (described.shared, described.only_query, described.only_target)
    ]
    shared, only_query, only_target = sides if shows != "text" else ("", "", "")
    only_query = "" if shows == "target" else only_query
    text = described.text if shows in ("text", "both") else ""
    return prompt.fill(
        "description", shared=shared, only_query=only_query, only_target=only_target, text=text
    ).strip("\n")


def _answer(texts: Texts, counts: Mapping[str, int]) -> str:
    return json.dumps(
        {kind: texts[kind][:count] for kind, count in counts.items()}, ensure_ascii=False
    )


def schema_of(ask: str, options: InstructOptions) -> Mapping[str, Any]:
    """Return the schema of an answer: just so many texts of each kind."""
    most = options.max_chars if ask != TELL else max(options.max_chars, MAX_SENTENCE_CHARS)
    text = {"type": "string", "minLength": 2, "maxLength": most}
    counts = options.counts(ask)
    lists = {
        kind: {"type": "array", "items": text, "minItems": count, "maxItems": count}
        for kind, count in counts.items()
    }
    return {
        "type": "object", "properties": lists, "required": list(counts),
        "additionalProperties": False,
    }  # fmt: skip


def check_texts(value: Mapping[str, Sequence[str]]) -> Fault | None:
    """Return the fault of an answer that says one thing twice, or nothing in words."""
    seen: set[str] = set()
    for text in (text for texts in value.values() for text in texts):
        plain = " ".join(text.split()).casefold().rstrip(".?!")
        if not any(character.isalpha() for character in plain):
            return Fault(name="no_words", detail=text)
        if plain in seen:
            return Fault(name="said_twice", detail=text)
        seen.add(plain)
    return None


def texts_of(value: Mapping[str, Sequence[str]]) -> Texts:
    """Return an answer's texts on one line each."""
    return {kind: tuple(" ".join(t.split()) for t in texts) for kind, texts in value.items()}
