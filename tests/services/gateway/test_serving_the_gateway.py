"""The gateway as a program: it finds all in its settings, is ready once it can answer, and ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pairmill.client_runs import Runs
from pairmill.run_messages import MAX_FILE_BYTES
from pairmill.settings import ServerSettings
from services.gateway.face import wide_enough
from services.gateway.readiness import Readiness

REPOSITORY = Path(__file__).resolve().parents[3]


@contextmanager
def started(**settings: str) -> Generator["subprocess.Popen[str]"]:
    """Start `python -m services.gateway`, and see that it is gone afterwards."""
    here = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": f"{REPOSITORY / 'shared'}:{REPOSITORY}"}  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "services.gateway"], text=True,
                               stderr=subprocess.PIPE, env=here | settings)  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: "subprocess.Popen[str]", *names: str) -> dict[str, dict[str, Any]]:
    """Return the log's events of these names, once all of them have come."""
    told: IO[str] | None = process.stderr
    assert told is not None
    found: dict[str, dict[str, Any]] = {}
    for line in told:
        event = json.loads(line)
        found[event["event"]] = event
        if set(names) <= found.keys():
            return found
    raise AssertionError(f"it ended, and said only {found}")


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_program_serves_from_its_settings_and_ends_when_told(tmp_path: Path) -> None:
    with started(PAIRMILL_ROOT=str(tmp_path)) as process:
        serving = heard(process, "serving")["serving"]
        ports = {kind: serving[f"{kind}_port"] for kind in ("grpc", "http")}
        end = time.monotonic() + 10
        while status(ports["http"], "/ready") != 200 and time.monotonic() < end:
            time.sleep(0.05)
        assert status(ports["http"], "/ready") == status(ports["http"], "/live") == 200
        assert status(ports["http"], "/metrics") == 200
        with Runs(f"127.0.0.1:{ports['grpc']}") as runs:
            assert list(runs.list()) == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_root_that_cannot_serve_is_alive_and_not_ready(tmp_path: Path) -> None:
    (tmp_path / "pairmill.json").write_text('{"format": 1, "corpus": "x", "manifest": "y"}')
    with started(PAIRMILL_ROOT=str(tmp_path)) as process:
        told = heard(process, "serving", "not ready")
        assert "a root of its own" in told["not ready"]["why"]
        port = told["serving"]["http_port"]
        assert (status(port, "/live"), status(port, "/ready")) == (200, 503)


def test_an_open_address_without_a_key_is_refused(tmp_path: Path) -> None:
    with started(PAIRMILL_ROOT=str(tmp_path), PAIRMILL_SERVER__HOST="0.0.0.0") as process:
        _, told = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "PAIRMILL_SERVER__API_KEY" in told


def test_readiness_follows_what_the_check_finds() -> None:
    wrong = [True]

    def check() -> None:
        if wrong[0]:
            raise OSError("the store is away")

    async def scene() -> list[bool]:
        readiness, seen = Readiness(check, 0.02), []
        async with readiness.watched():
            for now in (True, False, True):
                wrong[0] = now
                await asyncio.sleep(0.2)
                seen.append(readiness())
        return seen

    assert asyncio.run(scene()) == [False, True, False]


def test_a_check_that_hangs_is_not_ready() -> None:
    async def scene() -> bool:
        readiness = Readiness(lambda: time.sleep(0.3), 0.05)
        async with readiness.watched():
            await asyncio.sleep(0.2)
            return readiness()

    assert asyncio.run(scene()) is False


def test_the_largest_parts_fit_into_what_is_served() -> None:
    assert wide_enough(ServerSettings()).max_message_bytes > 2 * MAX_FILE_BYTES
    assert wide_enough(ServerSettings(max_message_bytes=2**30)).max_message_bytes == 2**30
