"""Start one program of Pairmill by itself, with whatever settings. Knows servers; knows no site."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers.processes import MinioServer, RedisServer

STOPPED = 3
"""The exit status of a program that only a person can help."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A program that came to its end: its status, and all that it printed."""

    status: int
    said: str

    @property
    def last_line(self) -> str:
        """What a user sees first."""
        return self.said.strip().splitlines()[-1]

    def stopped_saying(self, *wanted: str, secrets: tuple[str, ...]) -> None:
        """Assert that it stopped on purpose, in its last line's words, and told no secret."""
        assert self.status == STOPPED, self.said
        assert [word for word in wanted if word not in self.last_line] == [], self.said
        assert "Traceback" not in self.said, self.said
        assert [secret for secret in secrets if secret in self.said] == []


def settings_for(redis: RedisServer, minio: MinioServer, bucket: str) -> dict[str, str]:
    """Return the environment of a program that these servers serve; it gives up after a second."""
    return {
        "PAIRMILL_OBJECTS": "minio",
        "PAIRMILL_QUEUE": "celery",
        "PAIRMILL_LEDGER": "redis",
        "PAIRMILL_JOBS": "subprocess",
        "PAIRMILL_ROOT": str(minio.folder / "alone"),
        "PAIRMILL_START_SECONDS": "0.5",
        "PAIRMILL_S3__ENDPOINT": minio.endpoint,
        "PAIRMILL_S3__ACCESS_KEY": minio.access_key,
        "PAIRMILL_S3__SECRET_KEY": minio.secret_key,
        "PAIRMILL_S3__BUCKET": bucket,
        "PAIRMILL_S3__CREATE_BUCKET": "true",
        "PAIRMILL_REDIS__URL": redis.url,
        "PAIRMILL_REDIS__PREFIX": f"{bucket}:",
    }


def run_alone(module: str, *arguments: str, settings: Mapping[str, str]) -> Ended:
    """Run a program to its end, which must come within a minute."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], env=whole(settings), timeout=60, check=False,
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return Ended(status=done.returncode, said=done.stdout)


def whole(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child that finds our modules."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PAIRMILL_")}
    found = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
    return {**own, "PYTHONPATH": found, **settings}
