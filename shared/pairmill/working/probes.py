"""Answer a kubelet and a Prometheus on one small HTTP port. Knows no stage and no store.

`/live`: the process gets on. `/ready`: it can do its work. `/metrics`: Prometheus' text form.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pairmill.settings import Settings

Check = Callable[[], str]
"""Returns an empty text where all is well, else what is not."""


class Probes(ThreadingHTTPServer):
    """The server. live, ready: asked at every call."""

    daemon_threads = True

    def __init__(self, host: str, port: int, *, live: Check, ready: Check) -> None:
        super().__init__((host, port), _Handler)
        self.checks = {"/live": live, "/ready": ready}

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Probes

    def do_GET(self) -> None:
        """Answer one probe."""
        if self.path == "/metrics":
            self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
        elif check := self.server.checks.get(self.path):
            fault = check()
            self._answer(503 if fault else 200, (fault or "ok").encode() + b"\n", "text/plain")
        else:
            self._answer(404, b"wanted /live, /ready or /metrics\n", "text/plain")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: probes come every few seconds."""

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def probes(settings: Settings, *, live: Check, ready: Check) -> Iterator[int]:
    """Answer probes in the background, where the settings name a port; yields it (0: none)."""
    if settings.probe_port is None:
        yield 0
        return
    server = Probes(settings.probe_host, settings.probe_port, live=live, ready=ready)
    thread = threading.Thread(target=server.serve_forever, name="probes", daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
