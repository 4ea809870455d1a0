"""Put the question whether an image is what requests ask for, and read the scores of the answer.

Knows records and the prompt's sections; knows no model, no pixel and no threshold.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pairmill.core.answers import Fault
from pairmill.core.prompting.prompts import Filled, load_prompt
from pairmill.core.records import ImageRecord

MAX_CAPTION_CHARS = 400


def judge_version() -> str:
    """Return the prompt's version."""
    return load_prompt("judge").version


def ask_to_judge(
    query: ImageRecord, candidate: ImageRecord, requests: Sequence[str], *, captions: bool
) -> Filled:
    """Return the question, with places for the pictures `query` and `candidate`.

    captions: whether the model also reads the images' first captions.
    """
    prompt = load_prompt("judge")
    said = [image.caption if captions else "" for image in (query, candidate)]
    query_said, candidate_said = (" ".join(text.split())[:MAX_CAPTION_CHARS] for text in said)
    numbered = "\n".join(f"{number}. {' '.join(request.split())}"
                         for number, request in enumerate(requests, start=1))  # fmt: skip
    return Filled(
        version=prompt.version,
        system=prompt.fill("system"),
        user=prompt.parts(
            "user", query_caption=query_said, candidate_caption=candidate_said,
            requests=numbered, count=len(requests),
        ),
    )  # fmt: skip


def judge_schema(num_requests: int) -> Mapping[str, Any]:
    """Return the schema of an answer: just so many verdicts; a probability may be missing."""
    verdict = {
        "type": "object",
        "properties": {
            "fits": {"type": "string", "enum": ["yes", "no"]},
            "probability": {"type": "number"},
        },
        "required": ["fits"],
        "additionalProperties": False,
    }
    verdicts = {
        "type": "array", "items": verdict, "minItems": num_requests, "maxItems": num_requests,
    }  # fmt: skip
    return {
        "type": "object", "properties": {"verdicts": verdicts}, "required": ["verdicts"],
        "additionalProperties": False,
    }  # fmt: skip


def check_verdicts(value: Mapping[str, Any]) -> Fault | None:
    """Return the fault of an answer with a probability that is none, or that says the opposite of
    its yes or no."""
    for number, verdict in enumerate(value["verdicts"], start=1):
        likely = verdict.get("probability")
        if likely is None:
            continue
        if not 0 <= likely <= 1:
            return Fault(name="no_probability", detail=f"verdict {number}: {likely}")
        if (likely >= 0.5) != (verdict["fits"] == "yes"):
            detail = f"verdict {number}: {verdict['fits']}, {likely}"
            return Fault(name="contradiction", detail=detail)
    return None


def scores_of(value: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the score of each request: the probability where one is given, else 1 or 0."""
    plain = {"yes": 1.0, "no": 0.0}
    return tuple(float(v.get("probability", plain[v["fits"]])) for v in value["verdicts"])
