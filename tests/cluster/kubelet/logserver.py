"""Hand out the logs of containers, as `kubectl logs` asks for them. Knows files; no pod."""

import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


def serve_logs(folder: Path, keys: Path, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Serve until the process ends; returns the server."""

    class Handler(BaseHTTPRequestHandler):
        """Answers GET /containerLogs/<namespace>/<pod>/<container>."""

        def do_GET(self) -> None:
            """Send the log, or its last lines; follow it where that is asked for."""
            asked = urlsplit(self.path)
            query = parse_qs(asked.query)
            parts = asked.path.strip("/").split("/")
            path = folder / f"{'_'.join(parts[1:])}.log"
            if parts[0] != "containerLogs" or len(parts) != 4 or not path.exists():
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            lines = int(query.get("tailLines", ["-1"])[0])
            with path.open("rb") as file:
                data = file.read()
                self.wfile.write(data if lines < 0 else b"".join(data.splitlines(True)[-lines:]))
                while "follow" in query:
                    self.wfile.write(file.read())
                    self.wfile.flush()
                    time.sleep(0.2)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of requests."""

    server = ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "tls.crt", keys / "tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
