"""Speak to a Kubernetes API server in plain JSON. Knows HTTP and errors; knows no resource.

The tests use this and not the `kubernetes` package, so that what they judge is not judged by
itself.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml

Json = dict[str, Any]
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"


class ApiError(Exception):
    """The API server said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """One API server, spoken to with one token."""

    def __init__(self, server: str, token: str, ca: Path) -> None:
        self.server, self.token, self.ca = server, token, ca
        self._pool = urllib3.PoolManager(ca_certs=str(ca), maxsize=32, retries=False)

    @classmethod
    def of(cls, kubeconfig: Path) -> "Api":
        """Return the server that a kubeconfig names first, with the token of its first user."""
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        token = config["users"][0]["user"]["token"]
        return cls(cluster["server"], token, Path(cluster["certificate-authority"]))

    def with_token(self, token: str) -> "Api":
        """Return the same server for somebody else."""
        return Api(self.server, token, self.ca)

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def get(self, path: str, **query: str) -> Json:
        """Read an object or a list."""
        return self.send("GET", path, query=query)

    def items(self, path: str, **query: str) -> list[Json]:
        """Read the objects of a list."""
        return list(self.get(path, **query)["items"])

    def create(self, path: str, body: Json) -> Json:
        """Create an object."""
        return self.send("POST", path, body)

    def patch(self, path: str, body: Json, **query: str) -> Json:
        """Merge values into an object."""
        return self.send("PATCH", path, body, content=MERGE, query=query)

    def apply(self, path: str, body: Json) -> Json:
        """Create an object or make it as given."""
        query = {"fieldManager": "tests", "force": "true"}
        return self.send("PATCH", path, body, content=APPLY, query=query)

    def delete(self, path: str, body: Json | None = None) -> Json:
        """Delete an object; one that is gone is no error."""
        try:
            return self.send("DELETE", path, body)
        except ApiError as error:
            if error.status != 404:
                raise
            return {}

    def send(
        self, method: str, path: str, body: Json | None = None, *,
        content: str = "application/json", query: Mapping[str, str] | None = None,
    ) -> Json:  # fmt: skip
        """Send one request and return the answer; ApiError where it is refused."""
        answer = self._pool.request(
            method, self._url(path, query or {}), headers=self._headers(content),
            body=None if body is None else json.dumps(body), timeout=30.0,
        )  # fmt: skip
        found = json.loads(answer.data) if answer.data else {}
        if answer.status >= 400:
            raise ApiError(answer.status, found.get("message", answer.data.decode()[:300]))
        return dict(found)

    def text(self, path: str, **query: str) -> str:
        """Read something that is not JSON, such as a log."""
        answer = self._pool.request("GET", self._url(path, query), headers=self._headers(""))
        if answer.status >= 400:
            raise ApiError(answer.status, answer.data.decode()[:300])
        return answer.data.decode(errors="replace")

    def watch(self, path: str, **query: str) -> Iterator[tuple[str, Json]]:
        """List, then follow: yields ("LISTED", list) and then (type, object) until it ends."""
        listed = self.get(path, **query)
        yield "LISTED", listed
        version = listed["metadata"]["resourceVersion"]
        query = {**query, "watch": "1", "resourceVersion": version, "timeoutSeconds": "240"}
        answer = self._pool.request(
            "GET", self._url(path, query), headers=self._headers(""), preload_content=False,
            timeout=urllib3.Timeout(connect=10.0, read=300.0),
        )  # fmt: skip
        try:
            for line in _lines(answer):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield event["type"], event["object"]
        finally:
            answer.close()

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")

    def _headers(self, content: str) -> dict[str, str]:
        said = {"Content-Type": content} if content else {}
        return {"Authorization": f"Bearer {self.token}", **said}


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield each line as soon as it is there."""
    rest = b""
    while chunk := answer.read1(2**16):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
