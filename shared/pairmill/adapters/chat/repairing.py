"""Put a question again whose answer could not be used. Knows faults; asks nothing itself."""

import json
from dataclasses import replace

from pairmill.adapters.chat.questions import About, Question, Said
from pairmill.core.answers import Fault
from pairmill.core.prompting.prompts import load_prompt

MAX_SHOWN_CHARS = 2000
"""Of the faulty answer, which the model is shown again."""
WARMER = 0.7
"""Temperature, at least, at which a text is continued anew: at 0 it would be the same."""


def asked_again(
    first: Question[About], faulty: str, fault: Fault, *, number: int
) -> Question[About]:
    """Return the question anew, with another seed: the model is shown its answer and told what is
    wrong with it. One that only continues texts cannot be told anything: it draws again.

    first: as it was put at first. number: of the repair, from 1.
    """
    seed = first.seed + number
    if first.asking.prompt_style == "fewshot":
        warmer = max(first.asking.temperature, WARMER)
        asking = first.asking.model_copy(update={"temperature": warmer})
        return replace(first, asking=asking, seed=seed)
    schema = json.dumps(first.schema, ensure_ascii=False, sort_keys=True)
    told = load_prompt("repair").fill("user", fault=fault, schema=schema)
    shown = faulty.strip()[:MAX_SHOWN_CHARS] or "(no answer)"
    more: tuple[Said, ...] = (("assistant", (shown,)), ("user", (told,)))
    return replace(first, said=first.said + more, seed=seed)
