"""Requests to vLLM's engine and answers out of it, with a stand-in for the package."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pairmill.adapters.chat.vllm import VllmChat
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError, RetryError
from pairmill.ports.chat import Answer, Ask, Picture, Tokens, Turn
from tests.pairmill.adapters.chat.questions import SCHEMA, rejected

COMMIT = "0123456789" * 4


@dataclass
class Said:
    """One completion, as `RequestOutput.outputs` holds it."""

    text: str
    finish_reason: str | None = "stop"
    token_ids: tuple[int, ...] = (1, 2, 3)


@dataclass
class Output:
    """What vLLM's engine gives for one conversation."""

    outputs: list[Said]
    prompt_token_ids: list[int] | None = None


@dataclass
class Params:
    """Keyword arguments, kept."""

    given: dict[str, Any] = field(default_factory=dict)

    def __init__(self, **given: Any) -> None:
        self.given = given


class Engine:
    """Answers with the last text of each conversation; refuses a batch with `too long` in it."""

    made: dict[str, Any]
    calls: list[dict[str, Any]]
    lost = 0

    def __init__(self, **made: Any) -> None:
        type(self).made, type(self).calls = made, []

    def chat(self, conversations: list[Any], **given: Any) -> list[Output]:
        """Answer all, or raise as vLLM does."""
        self.calls.append({"conversations": conversations, **given})
        texts = [str(turns[-1]["content"]) for turns in conversations]
        if any("too long" in text for text in texts):
            raise ValueError("The decoder prompt (length 9000) is longer than the maximum")
        said = [Said(text, "abort" if "abort" in text else "length" if "cut" in text else "stop")
                for text in texts]  # fmt: skip
        return [Output([each], [7] * 5) for each in said[self.lost :]]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    """The package `vllm`, as far as it is used."""
    vllm, parameters = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    kind = type("Fresh", (Engine,), {})
    vllm.LLM, vllm.SamplingParams = kind, Params  # type: ignore[attr-defined]
    parameters.StructuredOutputsParams = Params  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", vllm)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", parameters)
    return kind


def config(**own: Any) -> ChatConfig:
    """Return a configuration that names one version of a model."""
    given = {"adapter": "vllm", "model": "org/model", "vllm": {"revision": COMMIT, "batch": 4}}
    return ChatConfig.model_validate({**given, **own})


def ask(name: str, *more: Picture) -> Ask:
    """Return a question."""
    return Ask(ask_id=name, turns=(Turn(role="user", parts=(name, *more)),), schema=SCHEMA, seed=3)


def test_the_model_is_opened_by_its_commit_and_runs_no_code_of_its_own(
    engine: type[Engine],
) -> None:
    VllmChat(config(vllm={"revision": COMMIT, "gpus": 2, "max_tokens": 8192, "pictures": 2}))
    assert engine.made == {
        "model": "org/model", "revision": COMMIT, "trust_remote_code": False, "seed": 0,
        "tensor_parallel_size": 2, "gpu_memory_utilization": 0.9, "max_model_len": 8192,
        "generation_config": "vllm", "limit_mm_per_prompt": {"image": 2},
    }  # fmt: skip


def test_a_batch_is_one_call_with_sampling_for_each_question(engine: type[Engine]) -> None:
    chat = VllmChat(config(template={"enable_thinking": False}))
    outcomes = list(chat.answer([ask("a"), ask("b", Picture(data=b"x"))]))
    (call,) = engine.calls
    assert call["conversations"][0] == [{"role": "user", "content": "a"}]
    assert call["conversations"][1][0]["content"][1] == {
        "type": "image_url", "image_url": {"url": "data:image/jpeg;base64,eA=="}
    }  # fmt: skip
    sampling = call["sampling_params"][0].given
    assert sampling.pop("structured_outputs").given == {"json": SCHEMA}
    assert sampling == {"temperature": 0.0, "max_tokens": 512, "seed": 3}
    assert (call["use_tqdm"], call["chat_template_kwargs"]) == (False, {"enable_thinking": False})
    assert [each.ask_id for each, _ in outcomes] == ["a", "b"]
    got = outcomes[0][1]
    assert isinstance(got, Answer)
    assert (got.text, got.model, got.finish) == ("a", "org/model", "stop")
    assert got.tokens == Tokens(prompt=5, completion=3)


def test_no_schema_is_enforced_where_none_is_wanted(engine: type[Engine]) -> None:
    list(VllmChat(config(json_schema="never")).answer([ask("a")]))
    assert engine.calls[0]["sampling_params"][0].given["structured_outputs"] is None


def test_batches_are_read_one_at_a_time(engine: type[Engine]) -> None:
    read = list[str]()
    outcomes = VllmChat(config()).answer(read.append(n) or ask(n) for n in "abcdefghij")  # type: ignore[func-returns-value]
    next(outcomes)
    assert read == list("abcd")
    assert len(list(outcomes)) == 9
    assert [len(call["conversations"]) for call in engine.calls] == [4, 4, 2]


def test_a_question_that_vllm_refuses_takes_no_other_with_it(engine: type[Engine]) -> None:
    names = ["a", "too long", "c", "d"]
    outcomes = {each.ask_id: got for each, got in VllmChat(config()).answer(map(ask, names))}
    assert list(outcomes) == names
    assert rejected(outcomes.pop("too long")) == (
        "refused_by_server", "The decoder prompt (length 9000) is longer than the maximum"
    )  # fmt: skip
    assert all(isinstance(got, Answer) for got in outcomes.values())
    assert [len(call["conversations"]) for call in engine.calls] == [4, 2, 1, 1, 2]


def test_how_an_answer_ended_is_told(engine: type[Engine]) -> None:
    (_, cut), (_, aborted) = VllmChat(config()).answer([ask("cut"), ask("abort")])
    assert isinstance(cut, Answer)
    assert cut.finish == "length"
    assert rejected(aborted) == ("refused_by_server", "finished by abort")


def test_an_engine_that_holds_answers_of_others_is_not_believed(engine: type[Engine]) -> None:
    chat = VllmChat(config())
    engine.lost = 1
    with pytest.raises(RetryError, match="1 answers to 2 questions"):
        list(chat.answer([ask("a"), ask("b")]))


def test_a_name_alone_is_no_version_of_a_model(engine: type[Engine], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the full commit"):
        VllmChat(config(vllm={}))
    with pytest.raises(ConfigError, match="got none"):
        VllmChat(config(model=""))
    assert VllmChat(config(model=str(tmp_path), vllm={})).model == str(tmp_path)
    assert engine.made["revision"] is None


def test_where_vllm_is_not_installed_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ConfigError, match=r"pip install vllm.*adapter: openai"):
        VllmChat(config())
