"""Start and stop real servers on free loopback ports. Knows no adapter and no test.

Every server keeps its data in the folder that it is given, its log in `<folder>/log`, and its
port over its whole life, so that a client finds it again after `kill` and `start`.
"""

import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
import redis
from pydantic import SecretStr

from pairmill.settings import RedisSettings, S3Settings
from tests.servers.tools import tool

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Server(ABC):
    """One process that serves; a context manager that starts and stops it."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what is run."""

    @abstractmethod
    def ready(self) -> bool:
        """Say whether the server answers."""

    def environment(self) -> Mapping[str, str] | None:
        """Return the variables that it is run with; None: those of this process."""
        return None

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start, and return once it answers."""
        assert self._process is None, "already started"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=self.environment(),
            )  # fmt: skip
        end = time.monotonic() + READY_SECONDS
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"{type(self).__name__} is not ready: {self.log()[-2000:]}")
            time.sleep(0.02)

    def log(self) -> str:
        """Return what it has printed."""
        return (self.folder / "log").read_text("utf-8", errors="replace")

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; nothing where it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it at once (SIGKILL); nothing where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


class RedisServer(Server):
    """A Redis with a password that keeps everything in an append-only file."""

    password = "a-redis-password"

    def command(self) -> Sequence[str]:
        """Return what is run; the password goes by a file, so that no process list shows it."""
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is missing: apt-get install redis-server")
        settings = self.folder / "redis.conf"
        settings.write_text(
            f"bind {HOST}\nport {self.port}\nrequirepass {self.password}\ndir {self.folder}\n"
            "appendonly yes\nappendfsync everysec\nsave ''\nmaxmemory-policy noeviction\n"
        )
        return [program, str(settings)]

    def ready(self) -> bool:
        """Say whether it answers, its file loaded."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False

    @property
    def url(self) -> str:
        """The address, with the password."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def settings(self, prefix: str = "pairmill:") -> RedisSettings:
        """Return the settings that lead here; tests that share a server differ in `prefix`."""
        return RedisSettings(url=SecretStr(self.url), prefix=prefix)

    def client(self) -> "redis.Redis":
        """Return a plain client, to be closed."""
        return redis.Redis.from_url(self.url)

    def flush(self) -> None:
        """Empty it, as an operator's mistake would."""
        with self.client() as client:
            client.flushall()


class MinioServer(Server):
    """A MinIO, an object store that speaks S3; over TLS where `tls` wrote it a certificate."""

    access_key = "an-access-key"
    secret_key = "a-secret-key"

    def command(self) -> Sequence[str]:
        """Return what is run."""
        return [
            str(tool("minio")), "server", "--quiet", "--address", f"{HOST}:{self.port}",
            "--console-address", f"{HOST}:0", "--certs-dir", str(self.folder / "certs"),
            str(self.folder / "data"),
        ]  # fmt: skip

    @property
    def certificate(self) -> Path:
        """What a client must trust, where it speaks TLS."""
        return self.folder / "certs" / "public.crt"

    def tls(self) -> None:
        """Write a certificate of its own making, before the start."""
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("openssl is missing: apt-get install openssl")
        self.certificate.parent.mkdir(parents=True)
        subprocess.run(
            [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=minio", "-addext", f"subjectAltName=IP:{HOST}",
             "-keyout", self.certificate.with_name("private.key"), "-out", self.certificate],
            check=True, capture_output=True,
        )  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """Return its credentials, and that it shall call nobody."""
        return {
            "HOME": str(self.folder), "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key, "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }  # fmt: skip

    def ready(self) -> bool:
        """Say whether it reads and writes."""
        try:
            trusted = ssl.create_default_context(
                cafile=self.certificate if self.certificate.exists() else None
            )
            address = f"{self.endpoint}/minio/health/ready"
            with urllib.request.urlopen(address, timeout=2, context=trusted) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def endpoint(self) -> str:
        """The address."""
        return f"http{'s' * self.certificate.exists()}://{HOST}:{self.port}"

    def settings(self, bucket: str = "pairmill", prefix: str = "") -> S3Settings:
        """Return the settings that lead to a bucket here, which need not exist."""
        return S3Settings(
            endpoint=self.endpoint, access_key=SecretStr(self.access_key),
            secret_key=SecretStr(self.secret_key), bucket=bucket, prefix=prefix,
        )  # fmt: skip
