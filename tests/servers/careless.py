"""A tiny S3 server that ignores the condition of a create, as some real ones do."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.processes import HOST

MISSING = b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"


class Careless(BaseHTTPRequestHandler):
    """Objects in a dict of the server; `If-None-Match` is not looked at."""

    protocol_version = "HTTP/1.1"
    held: dict[str, bytes]

    def do_PUT(self) -> None:
        """Overwrite."""
        self.held[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:
        """Return an object."""
        found = self.held.get(self.path)
        self._answer(*((404, MISSING) if found is None else (200, found)))

    def do_DELETE(self) -> None:
        """Forget an object."""
        self.held.pop(self.path, None)
        self._answer(204, b"")

    def _answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def careless_store() -> Generator[tuple[str, dict[str, bytes]]]:
    """Yield the address of such a server, and what it holds."""
    held: dict[str, bytes] = {}
    handler = type("Handler", (Careless,), {"held": held})
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}", held
        finally:
            server.shutdown()
            serving.join()
