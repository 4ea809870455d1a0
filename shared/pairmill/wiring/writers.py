"""Open who captions, describes and instructs: rules, or a model at the server that is named.

Names vendors; knows no stage. A client is kept for as long as the process asks the same server; who
asks through it is made anew for every task, so that no answer is left over from another one.
"""

from collections.abc import Callable
from functools import lru_cache

from pydantic import SecretStr

from pairmill.config import RunConfig
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError
from pairmill.core.ids import digest_of
from pairmill.core.records import ImageRecord
from pairmill.pipeline.spending import Spending
from pairmill.ports.captioner import Captioner
from pairmill.ports.chat import Chat
from pairmill.ports.describer import Describer
from pairmill.ports.instructor import Instructor
from pairmill.ports.objects import ObjectStore
from pairmill.settings import ChatServer, ChatSettings

ReadImage = Callable[[ImageRecord], bytes]


def open_captioner(
    config: RunConfig, chats: ChatSettings, answers: ObjectStore, read: ReadImage,
    spending: Spending | None = None,
) -> Captioner:  # fmt: skip
    """Return the captioner that a run names, which is a model. answers: where its are kept.

    Its seed is no run's: captions belong to the corpus, and runs of any seed share them.
    """
    from pairmill.adapters.captioner.llm import ChatCaptioner
    from pairmill.adapters.chat.asking import Asker

    own = config.captioning
    chat = open_chat(own.chat, chats.server("caption"))
    asker = Asker(chat, answers, variant=variant_of(own.chat), spending=spending)
    return ChatCaptioner(asker, read, own, seed=0)


def open_describer(
    config: RunConfig, chats: ChatSettings, answers: ObjectStore, read: ReadImage,
    spending: Spending | None = None,
) -> Describer:  # fmt: skip
    """Return the describer that a run names. answers: where a model's answers are kept."""
    own = config.describing
    if own.describer == "rules":
        from pairmill.adapters.describer.rules import RulesDescriber

        return RulesDescriber(own, config.seed)
    from pairmill.adapters.chat.asking import Asker
    from pairmill.adapters.describer.llm import ChatDescriber

    chat = open_chat(own.chat, chats.server("describe"))
    asker = Asker(chat, answers, variant=variant_of(own.chat), spending=spending)
    return ChatDescriber(asker, read, own, config.seed)


def open_instructor(
    config: RunConfig, chats: ChatSettings, answers: ObjectStore,
    spending: Spending | None = None,
) -> Instructor:  # fmt: skip
    """Return the instructor that a run names. answers: where a model's answers are kept."""
    own = config.instructing
    if own.instructor == "templates":
        from pairmill.adapters.instructor.templates import TemplatesInstructor

        return TemplatesInstructor(own)
    from pairmill.adapters.instructor.rules import RulesInstructor

    rules = RulesInstructor(own, config.seed)
    if own.instructor == "rules":
        return rules
    from pairmill.adapters.chat.asking import Asker
    from pairmill.adapters.instructor.both import BothInstructor
    from pairmill.adapters.instructor.llm import ChatInstructor

    chat = open_chat(own.chat, chats.server("instruct"))
    asker = Asker(chat, answers, variant=variant_of(own.chat), spending=spending)
    model = ChatInstructor(asker, own, config.seed)
    return model if own.instructor == "llm" else BothInstructor(rules, model)


def variant_of(config: ChatConfig) -> str:
    """Return a digest of what decides answers beside the model's name and the question."""
    decides: dict[str, object] = {"json_schema": config.json_schema, "template": config.template}
    if config.adapter == "vllm":
        decides["revision"] = config.vllm.revision
    return digest_of(decides, length=8)


def open_chat(config: ChatConfig, server: ChatServer) -> Chat:
    """Return a client of a server, or a model in this process; the one there is where there is one.

    A key goes only to the address that the settings name with it: a run may come from anybody, and
    its address could be anyone's. Raises ConfigError where a key has no address.
    """
    if config.adapter == "vllm":
        return _vllm(config.model_dump_json())
    if server.api_key.get_secret_value() and not server.base_url:
        raise ConfigError(
            "PAIRMILL_CHAT__API_KEY: got a key, and no PAIRMILL_CHAT__BASE_URL: wanted the address "
            "that it is for, because it goes nowhere else"
        )
    return _openai(config.model_dump_json(), server.base_url, server.api_key)


@lru_cache(maxsize=4)
def _openai(config: str, base_url: str, api_key: SecretStr) -> Chat:
    from pairmill.adapters.chat.openai import OpenAIChat

    return OpenAIChat(ChatConfig.model_validate_json(config), base_url=base_url, api_key=api_key)


@lru_cache(maxsize=1)
def _vllm(config: str) -> Chat:
    """A model in this process takes most of a GPU: there is never room for two."""
    from pairmill.adapters.chat.vllm import VllmChat

    return VllmChat(ChatConfig.model_validate_json(config))
