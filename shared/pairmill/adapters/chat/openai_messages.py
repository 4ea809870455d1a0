"""A question in the words of OpenAI's chat protocol, and an answer out of them.

Knows JSON; knows no server. Pictures travel inside the question, as data URIs: nothing is fetched.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from pairmill.config.chat import ChatConfig
from pairmill.core.errors import RejectError
from pairmill.ports.chat import Answer, Ask, Picture, Tokens, Turn

REFUSED = "refused_by_server"
"""Rule of a reject: the server will not answer this question."""


def body_of(ask: Ask, config: ChatConfig, *, formatted: bool) -> bytes:
    """Return the request of a question; formatted: whether the server is told the schema."""
    body: dict[str, Any] = {
        "model": config.model,
        "messages": messages_of(ask.turns),
        "max_tokens": ask.max_tokens,
        "temperature": ask.temperature,
        "seed": ask.seed,
    }
    if formatted:
        told = {"name": "answer", "schema": ask.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": told}
    if config.template:
        body["chat_template_kwargs"] = config.template
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def messages_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Return the turns; one of text alone is a string, which every chat template takes."""
    return [{"role": turn.role, "content": _content(turn.parts)} for turn in turns]


def _content(parts: tuple[str | Picture, ...]) -> str | list[dict[str, Any]]:
    if any(isinstance(part, Picture) for part in parts):
        return [_part(part) for part in parts]
    return "\n".join(str(part) for part in parts)


def _part(part: str | Picture) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    uri = f"data:{part.media_type};base64,{b64encode(part.data).decode()}"
    return {"type": "image_url", "image_url": {"url": uri}}


def answer_of(data: bytes, asked: str) -> Answer | RejectError:
    """Return the answer that a server's 200 holds; asked: the model's name, where it gives none.

    A text may be empty: a model that thinks can spend all its tokens on that. A content filter's
    no is a reject. Raises ValueError where it is no answer in this protocol.
    """
    try:
        got = json.loads(data)
        choice = got["choices"][0]
        message = choice["message"]
        text = message.get("content") or message.get("refusal") or ""
        finish = choice.get("finish_reason")
        usage = got.get("usage") or {}
        tokens = Tokens(prompt=_count(usage, "prompt_tokens"),
                        completion=_count(usage, "completion_tokens"))  # fmt: skip
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no chat completion ({type(error).__name__})") from None
    if not isinstance(text, str):
        raise ValueError(f"no text but {type(text).__name__}")
    if finish == "content_filter":
        return RejectError(REFUSED, "content_filter")
    model = got.get("model")
    model = _whole(model)[:200] if isinstance(model, str) and model else asked
    return Answer(text=_whole(text), model=model, tokens=tokens,
                  finish="length" if finish == "length" else "stop")  # fmt: skip


def _whole(text: str) -> str:
    """Return the text without halves of surrogate pairs, which JSON may hold and no file takes."""
    return text.encode("utf-8", "replace").decode()


def _count(usage: Any, name: str) -> int:
    got = usage.get(name)
    return got if isinstance(got, int) and got > 0 else 0
