"""Questions to a scripted server, and a client of it that loses no time."""

import json
from typing import Any

from pydantic import SecretStr

from pairmill.adapters.chat.openai import OpenAIChat
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import RejectError
from pairmill.ports.chat import Answer, Ask, Turn
from tests.pairmill.adapters.chat.scripted_server import ScriptedServer

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
QUICK: dict[str, Any] = {
    "model": "scripted/one", "concurrency": 8, "timeout_seconds": 5.0, "patience_seconds": 5.0,
    "backoff_seconds": 0.002, "probe_seconds": 0.01,
}  # fmt: skip


def question(name: str, *acts: str, schema: bool = False) -> Ask:
    """Return a question with which these acts are done, one a request."""
    script = f" [{','.join(acts)}]" if acts else ""
    turn = Turn(role="user", parts=(f"#{name}{script} What do these share?",))
    return Ask(ask_id=name, turns=(turn,), schema=SCHEMA if schema else None)


def chat(server: ScriptedServer, key: str = "", **config: Any) -> OpenAIChat:
    """Return a client of the server."""
    values = {"base_url": server.url, **QUICK, **config}
    return OpenAIChat(ChatConfig.model_validate(values), api_key=SecretStr(key))


def answered(outcome: Answer | RejectError) -> str:
    """Return the name of the question that an answer answers."""
    assert isinstance(outcome, Answer), outcome
    name: str = json.loads(outcome.text)["id"]
    return name


def rejected(outcome: Answer | RejectError) -> tuple[str, str]:
    """Return a reject's rule and value."""
    assert isinstance(outcome, RejectError), outcome
    return outcome.rule, outcome.value
