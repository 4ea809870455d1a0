"""A site starts, finds again and stops its processes, and leaves strangers alone."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pairmill.core.errors import ConfigError
from pairmill.settings import Settings
from services.local.layout import free_layout, open_layout
from services.local.programs import WORKERS, Program, environment, find
from services.local.site import Site

LISTEN = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)"
PORT = free_layout().probes


def python(name: str, code: str, **more: str) -> Program:
    return Program(name=name, command=(sys.executable, "-c", code, str(PORT)), **more)  # type: ignore[arg-type]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path, [
        python("web", LISTEN, ready=f"http://127.0.0.1:{PORT}/"),
        python("stubborn", STUBBORN),
        python("broken", "raise SystemExit('no such disk')"),
    ])  # fmt: skip
    yield found
    found.stop(found.started(), 0.1)


def test_a_program_is_started_once_and_waited_for(site: Site) -> None:
    assert site.start("web")
    site.wait("web", 20)
    assert not site.start("web")
    assert site.stop(["web"]) == []
    assert site.pid("web") == 0


def test_another_command_finds_and_stops_what_the_first_one_started(
    site: Site, tmp_path: Path
) -> None:
    site.start("web")
    site.wait("web", 20)
    later = Site(tmp_path, [])
    assert later.pid("web") == site.pid("web")
    later._signal("web", 15)
    end = time.monotonic() + 10
    while site.pid("web") and time.monotonic() < end:
        time.sleep(0.01)
    assert later.pid("web") == 0


def test_what_does_not_end_when_told_is_killed_and_named(site: Site) -> None:
    site.start("stubborn")
    time.sleep(0.5)
    assert site.stop(["stubborn"], 0.3) == ["stubborn"]


def test_a_program_that_ends_at_once_shows_the_end_of_its_log(site: Site) -> None:
    site.start("broken")
    with pytest.raises(ConfigError, match="no such disk"):
        site.wait("broken", 20)


def test_a_stranger_with_the_same_number_is_left_alone(site: Site, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        (tmp_path / "pids" / "web").write_text(f"{stranger.pid} 12345\n")
        assert site.pid("web") == 0
        site.stop(["web"], 0.1)
        assert stranger.poll() is None
        stranger.kill()


def test_a_layout_is_kept_with_its_password_for_its_owner_alone(tmp_path: Path) -> None:
    first = open_layout(tmp_path / "site", free_layout())
    assert open_layout(tmp_path / "site") == first
    assert len(first.password) > 20
    mode = stat.S_IMODE(os.stat(tmp_path / "site/layout.json").st_mode)
    assert mode & 0o077 == 0


def test_the_environment_of_a_site_is_made_of_settings_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = open_layout(tmp_path, free_layout())
    for name, value in environment(tmp_path, layout).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.objects, settings.queue, settings.ledger) == ("minio", "celery", "redis")
    assert str(layout.redis) in settings.redis.url.get_secret_value()
    assert layout.password not in repr(settings)


def test_every_worker_is_a_service_with_a_door() -> None:
    services = Path(__file__).resolve().parents[3] / "services"
    assert all((services / name / "__main__.py").is_file() for name in WORKERS)


def test_a_missing_server_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="apt-get install redis-server"):
        find("redis-server")
