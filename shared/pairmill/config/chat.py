"""Which model answers questions, where it is and how it is asked. Values and their bounds only.

An API key is never part of it: keys stand in the settings, and a run's file may be shown.
"""

from typing import Literal

from pydantic import Field

from pairmill.config.part import Part


class VllmConfig(Part):
    """The engine that `adapter: vllm` runs in its own process, on this machine's GPUs."""

    revision: str = Field(
        "", pattern="^([0-9a-f]{40})?$", description="commit of a hub's model; empty for a folder"
    )
    batch: int = Field(512, ge=1, le=65_536, description="questions handed over at once")
    gpus: int = Field(1, ge=1, le=64, description="over which the model is split")
    memory: float = Field(0.9, gt=0, le=1, description="share of a GPU's memory that it takes")
    max_tokens: int = Field(0, ge=0, description="question and answer; 0: what the model can")
    pictures: int = Field(
        0, ge=0, le=64, description="of one question, at most; 0: as the engine has it"
    )


class ChatConfig(Part):
    """A model that answers: its name, and a server's address or an engine in this process.

    `adapter`, `model`, `json_schema`, `template` and `vllm` decide what is answered; the rest
    decides when.
    """

    adapter: Literal["openai", "vllm"] = Field(
        "openai", description="any OpenAI-compatible server, or the vLLM engine in this process"
    )
    model: str = Field("", description="as the server names it; for vllm a folder, or a hub's name")
    base_url: str = Field(
        "http://127.0.0.1:8000/v1", description="of the server, as far as /v1; settings may differ"
    )
    insecure: bool = Field(
        False, description="allow http:// to a public host: all that is sent can be read on the way"
    )
    json_schema: Literal["auto", "always", "never"] = Field(
        "auto", description="whether the server is told the answer's schema; auto: if it takes it"
    )
    template: dict[str, bool | int | str] = Field(
        {}, description="for the model's chat template, such as enable_thinking: false"
    )
    concurrency: int = Field(64, ge=1, le=4096, description="questions on their way at once")
    attempts: int = Field(5, ge=1, le=100, description="of one question, faults of its own counted")
    timeout_seconds: float = Field(300.0, gt=0, description="for one answer, all of it")
    patience_seconds: float = Field(
        1800.0, ge=0, description="how long a server may stay away, as while it loads its model"
    )
    backoff_seconds: float = Field(
        0.5, gt=0, description="before a second attempt; doubled with each more, to 60 times that"
    )
    probe_seconds: float = Field(
        1.0, gt=0, description="from one probe of a server that is away to the next; to 16 times"
    )
    max_answer_bytes: int = Field(4 * 2**20, ge=1024, description="larger answers are not read")
    vllm: VllmConfig = VllmConfig()
