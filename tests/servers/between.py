"""A proxy between a client and a server that can swallow answers. Knows bytes alone."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.servers.processes import HOST


class Swallowing:
    """Forwards connections to a port of loopback; the next `answers` answers are lost.

    The server has done what it was asked by then: only its word is lost, and the connection.
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self.answers = 0
        self.num_lost = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _run(self, action: Callable[..., None], *ends: socket.socket) -> None:
        thread = threading.Thread(target=action, args=ends, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection((HOST, self._upstream))
            self._open |= {client, server}
            self._run(self._questions, client, server)
            self._run(self._answers, server, client)

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                server.sendall(data)
        self._close(server)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with server, client, suppress(OSError):
            while data := server.recv(65_536):
                if self.answers:
                    self.answers, self.num_lost = self.answers - 1, self.num_lost + 1
                    break
                client.sendall(data)
            self._close(client)
        self._open -= {server, client}

    def _close(self, end: socket.socket) -> None:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
