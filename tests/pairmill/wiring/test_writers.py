"""Who describes and instructs: what the configuration names, asked where the settings say."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from pairmill.adapters.captioner.llm import ChatCaptioner
from pairmill.adapters.describer.llm import ChatDescriber
from pairmill.adapters.describer.rules import RulesDescriber
from pairmill.adapters.instructor.both import BothInstructor
from pairmill.adapters.instructor.llm import ChatInstructor
from pairmill.adapters.instructor.rules import RulesInstructor
from pairmill.adapters.instructor.templates import TemplatesInstructor
from pairmill.config import RunConfig, parse_config
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError
from pairmill.pipeline.runs import Places
from pairmill.settings import ChatServer, ChatSettings, Settings, read_settings
from pairmill.wiring import Ports, Stores
from pairmill.wiring.writers import open_chat, variant_of

NAMED = {"model": "seer/1"}
KEY = SecretStr("sesame")


def ports(root: Path, config: RunConfig) -> Ports:
    return Ports(Stores(Settings().at(root)), config, Places(source=str(root)))


def test_the_rules_and_templates_ask_no_model(tmp_path: Path) -> None:
    by_rules = ports(tmp_path, RunConfig())
    assert isinstance(by_rules.describer, RulesDescriber)
    assert isinstance(by_rules.instructor, RulesInstructor)
    in_frames = ports(tmp_path, parse_config({"instructing": {"instructor": "templates"}}))
    assert isinstance(in_frames.instructor, TemplatesInstructor)


def test_llm_is_a_language_model_and_never_the_rules(tmp_path: Path) -> None:
    asking = ports(tmp_path, parse_config({
        "captioning": {"captioner": "llm", "chat": NAMED},
        "describing": {"describer": "llm", "chat": NAMED},
        "instructing": {"instructor": "llm", "chat": NAMED},
    }))  # fmt: skip
    assert isinstance(asking.captioner, ChatCaptioner)
    assert isinstance(asking.describer, ChatDescriber)
    assert isinstance(asking.instructor, ChatInstructor)
    beside = ports(tmp_path, parse_config({"instructing": {"instructor": "both", "chat": NAMED}}))
    assert isinstance(beside.instructor, BothInstructor)
    assert asking.describer is not asking.describer  # no answer is left over for the next task


def test_one_client_serves_all_tasks_that_ask_the_same_server() -> None:
    config = ChatConfig(model="seer/1")
    here, there = ChatServer(), ChatServer(base_url="http://127.0.0.1:9/v1")
    assert open_chat(config, here) is open_chat(ChatConfig(model="seer/1"), here)
    assert open_chat(config, here) is not open_chat(config, there)
    assert open_chat(config, here) is not open_chat(ChatConfig(model="seer/2"), here)


def test_the_environment_names_one_server_for_all_or_one_for_each_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAIRMILL_CHAT__BASE_URL", "http://all:8000/v1")
    monkeypatch.setenv("PAIRMILL_CHAT__API_KEY", "sesame")
    monkeypatch.setenv("PAIRMILL_CHAT__INSTRUCT__BASE_URL", "http://words:8000/v1")
    chats = read_settings().chat
    describe, instruct = chats.server("describe"), chats.server("instruct")
    assert chats.server("caption") == describe
    assert (describe.base_url, describe.api_key) == ("http://all:8000/v1", KEY)
    assert (instruct.base_url, instruct.api_key) == ("http://words:8000/v1", SecretStr(""))
    assert "sesame" not in repr(chats)


@pytest.mark.parametrize(
    "chats", [ChatSettings(api_key=KEY), ChatSettings(describe=ChatServer(api_key=KEY))]
)
def test_a_key_goes_to_no_address_that_a_run_names(chats: ChatSettings) -> None:
    config = ChatConfig(model="seer/1", base_url="https://stranger.example/v1")
    with pytest.raises(ConfigError, match="goes nowhere else"):
        open_chat(config, chats.server("describe"))


def test_what_decides_answers_beside_the_model_names_a_variant_of_it() -> None:
    plain = ChatConfig(model="m")
    same = [
        plain.model_copy(update={name: value})
        for name, value in {
            "base_url": "http://10.0.0.1/v1", "concurrency": 7, "attempts": 9,
            "timeout_seconds": 1.0, "patience_seconds": 1.0,
        }.items()
    ]  # fmt: skip
    others = [ChatConfig(model="m", json_schema="never"),
              ChatConfig(model="m", template={"enable_thinking": False}),
              ChatConfig(model="m", adapter="vllm")]  # fmt: skip
    assert {variant_of(each) for each in same} == {variant_of(plain)}
    assert len({variant_of(each) for each in (plain, *others)}) == 4
