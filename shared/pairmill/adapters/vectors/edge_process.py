"""Start the process that holds Qdrant Edge, call it, and clear up after it. Knows no vector."""

import shutil
import subprocess
import sys
import tempfile
import weakref
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from pairmill.adapters.vectors.edge_frames import read_frame, write_frame
from pairmill.core.errors import ConfigError, RetryError

PROGRAM = "pairmill.adapters.vectors.edge_child"


class EdgeProcess:
    """One process, started by its first call, and anew by the next one after it has died.

    What it held is then lost. folder: where its own folder is made; None: where temporary files
    are. RetryError: it died during a call, or could not do what it was told.
    """

    def __init__(self, index_kb: int, folder: Path | None = None) -> None:
        if find_spec("qdrant_edge") is None:
            raise ConfigError(
                "mining.engine: edge needs the package qdrant-edge-py: `pip install "
                "qdrant-edge-py`, or set mining.engine to exact"
            )
        self._index_kb, self._folder, self._lock = index_kb, folder, Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., EdgeProcess] | None = None

    @property
    def running(self) -> bool:
        """Whether there is a process that may hold something."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Its number; 0 where none runs."""
        return self._process.pid if self._process else 0

    def call(self, do: str, data: bytes = b"", **values: Any) -> tuple[dict[str, Any], bytes]:
        """Return what the process answers to one call."""
        with self._lock:
            process = self._process or self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                write_frame(process.stdin, {"do": do, **values}, data)
                answer = read_frame(process.stdout)
            except BrokenPipeError:
                answer = None
            if answer is None:
                code = self._clear()
                raise RetryError(
                    f"the process of the edge index ended during {do} (exit {code}); wanted an "
                    "answer: it may lack memory; its index is built anew by the next try"
                )
        if "fault" in answer[0]:
            raise RetryError(f"the edge index could not {do}: {answer[0]['fault']}")
        return answer

    def close(self) -> None:
        """End the process and remove what it kept."""
        with self._lock:
            self._clear()

    def _start(self) -> "subprocess.Popen[bytes]":
        folder = tempfile.mkdtemp(prefix="pairmill-edge-", dir=self._folder)
        command = [sys.executable, "-m", PROGRAM, folder, str(self._index_kb)]
        # a session of its own: what interrupts this process ends that one by the end of its stdin
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._end = weakref.finalize(self, _end, self._process, folder)
        return self._process

    def _clear(self) -> int | None:
        process, end, self._process, self._end = self._process, self._end, None, None
        if end is not None:
            end()
        return process.returncode if process else None


def _end(process: "subprocess.Popen[bytes]", folder: str) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
