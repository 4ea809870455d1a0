"""Ask a model that vLLM runs in this process, in batches: a GPU worker that needs no server.

Knows vLLM's `LLM.chat` (0.12 and later: `structured_outputs`); imports it only when a model is
opened. No code of a model's repository is run, and pictures come as data URIs, never as addresses.
"""

import importlib
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pairmill.adapters.chat.openai_faults import short
from pairmill.adapters.chat.openai_messages import REFUSED, messages_of
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError, RejectError, RetryError
from pairmill.ports.chat import Answer, Ask, Tokens
from pairmill.telemetry import event

Outcome = tuple[Ask, Answer | RejectError]


class VllmChat:
    """A model in this process. Loading takes minutes and most of a GPU: keep it for a whole run."""

    def __init__(self, config: ChatConfig) -> None:
        """Load the model.

        Raises ConfigError where vLLM is not installed or the model is not named by its version.
        """
        _check_version(config)
        self._config = config
        self._vllm = _imported("vllm")
        self._parameters = _imported("vllm.sampling_params")
        own = config.vllm
        limits = {"limit_mm_per_prompt": {"image": own.pictures}} if own.pictures else {}
        self._engine = self._vllm.LLM(
            model=config.model, revision=own.revision or None, trust_remote_code=False, seed=0,
            tensor_parallel_size=own.gpus, gpu_memory_utilization=own.memory,
            max_model_len=own.max_tokens or None, generation_config="vllm", **limits,
        )  # fmt: skip

    @property
    def model(self) -> str:
        """The name under which the model is asked for."""
        return self._config.model

    def answer(self, asks: Iterable[Ask]) -> Iterator[Outcome]:
        """Yield one outcome for each ask, batch after batch; see ports/chat.py."""
        source = iter(asks)
        while batch := list(islice(source, self._config.vllm.batch)):
            yield from self._answered(batch)

    def _answered(self, batch: Sequence[Ask]) -> Iterator[Outcome]:
        """Ask a batch; one that vLLM refuses is halved until the question at fault stands alone."""
        began = time.monotonic()
        try:
            outputs = self._engine.chat(
                [messages_of(ask.turns) for ask in batch],
                sampling_params=[self._sampling(ask) for ask in batch], use_tqdm=False,
                chat_template_kwargs=dict(self._config.template) or None,
            )  # fmt: skip
        except ValueError as error:  # too long, a picture that is none, a schema it cannot follow
            if len(batch) == 1:
                yield batch[0], RejectError(REFUSED, short(str(error), ""))
                return
            event("vLLM refuses a batch", level=logging.DEBUG, questions=len(batch))
            yield from self._answered(batch[: len(batch) // 2])
            yield from self._answered(batch[len(batch) // 2 :])
            return
        if len(outputs) != len(batch):
            raise RetryError(f"vLLM gave {len(outputs)} answers to {len(batch)} questions: its "
                             "engine still holds others; it must be started anew")  # fmt: skip
        seconds = (time.monotonic() - began) / len(batch)
        for ask, output in zip(batch, outputs, strict=True):
            yield ask, self._outcome(output, seconds)

    def _sampling(self, ask: Ask) -> Any:
        structured = None
        if ask.schema is not None and self._config.json_schema != "never":
            structured = self._parameters.StructuredOutputsParams(json=dict(ask.schema))
        return self._vllm.SamplingParams(
            temperature=ask.temperature, max_tokens=ask.max_tokens, seed=ask.seed,
            structured_outputs=structured,
        )  # fmt: skip

    def _outcome(self, output: Any, seconds: float) -> Answer | RejectError:
        said = output.outputs[0]
        if said.finish_reason not in ("stop", "length"):
            return RejectError(REFUSED, f"finished by {said.finish_reason}")
        tokens = Tokens(prompt=len(output.prompt_token_ids or ()), completion=len(said.token_ids))
        return Answer(text=said.text, model=self.model, finish=said.finish_reason, tokens=tokens,
                      seconds=seconds)  # fmt: skip


def _check_version(config: ChatConfig) -> None:
    if not config.model:
        raise ConfigError("chat.model: got none, wanted a folder, or a hub's name with "
                          "chat.vllm.revision")  # fmt: skip
    if not config.vllm.revision and not Path(config.model).is_dir():
        raise ConfigError(
            f"chat.model: got {config.model!r}, which is no folder here, and no revision: wanted "
            "the full commit of the hub's model in chat.vllm.revision, because a name alone may "
            "mean other weights tomorrow"
        )


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"chat.adapter: got vllm, and {name} cannot be imported here ({error}): wanted vLLM "
            "0.12 or later (pip install vllm, on a machine with a GPU), or adapter: openai with "
            "the address of a server"
        ) from None
