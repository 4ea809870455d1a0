"""Programs with settings that cannot work: they end and say why; those that can, wait."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from pairmill.core.errors import ConfigError, RetryError
from pairmill.settings import RedisSettings, S3Settings, Settings, read_settings
from pairmill.wiring import Stores
from tests.servers.alone import run_alone, settings_for, whole
from tests.servers.processes import MinioServer, RedisServer, free_port

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
WRONG = "not-the-right-password"
EVERY = ("services.coordinator", "services.miner", "services.retriever")


@pytest.fixture
def settings(redis_server: RedisServer, minio_server: MinioServer) -> dict[str, str]:
    """Settings that work."""
    return settings_for(redis_server, minio_server, "alone")


@pytest.fixture
def secrets(redis_server: RedisServer, minio_server: MinioServer) -> tuple[str, ...]:
    """What no program may print."""
    return (WRONG, redis_server.password, minio_server.secret_key)


@pytest.mark.parametrize("module", ["services.coordinator", "services.miner"])
def test_a_wrong_redis_password_is_told_by_where_it_belongs(
    settings: dict[str, str], secrets: tuple[str, ...], redis_server: RedisServer, module: str
) -> None:
    settings["PAIRMILL_REDIS__URL"] = f"redis://:{WRONG}@127.0.0.1:{redis_server.port}/0"
    ended = run_alone(module, settings=settings)
    ended.stopped_saying("refuses this user or password", "PAIRMILL_REDIS__URL", secrets=secrets)


@pytest.mark.parametrize("module", EVERY)
def test_a_wrong_s3_secret_is_told_by_the_names_of_its_settings(
    settings: dict[str, str], secrets: tuple[str, ...], module: str
) -> None:
    settings["PAIRMILL_S3__SECRET_KEY"] = WRONG
    ended = run_alone(module, settings=settings)
    ended.stopped_saying("was denied", "PAIRMILL_S3__SECRET_KEY", secrets=secrets)


@pytest.mark.parametrize("module", EVERY)
def test_a_missing_bucket_is_told_with_what_makes_it(
    settings: dict[str, str], secrets: tuple[str, ...], module: str
) -> None:
    settings |= {"PAIRMILL_S3__BUCKET": "nowhere", "PAIRMILL_S3__CREATE_BUCKET": "false"}
    ended = run_alone(module, settings=settings)
    ended.stopped_saying("nowhere", "no such bucket", "PAIRMILL_S3__CREATE_BUCKET", secrets=secrets)


def test_a_job_with_a_wrong_secret_or_run_ends_with_the_reason(
    settings: dict[str, str], secrets: tuple[str, ...]
) -> None:
    ended = run_alone("services.miner", "nobodys-run", settings=settings)
    ended.stopped_saying("no run 'nobodys-run' here", secrets=secrets)
    settings["PAIRMILL_S3__SECRET_KEY"] = WRONG
    ended = run_alone("services.miner", "nobodys-run", settings=settings)
    ended.stopped_saying("PAIRMILL_S3__SECRET_KEY", secrets=secrets)


def test_a_setting_that_is_none_is_told_without_a_traceback(
    settings: dict[str, str], secrets: tuple[str, ...]
) -> None:
    settings["PAIRMILL_QUEUE"] = "rabbit"
    for module in (*EVERY, "services.gateway"):
        ended = run_alone(module, settings=settings)
        ended.stopped_saying("PAIRMILL_QUEUE", "rabbit", secrets=secrets)


@pytest.mark.parametrize("module", ["services.coordinator", "services.miner"])
def test_a_redis_that_starts_later_is_waited_for(
    settings: dict[str, str], tmp_path: Path, module: str
) -> None:
    port = free_port()
    redis = RedisServer(tmp_path / "redis", port=free_port())
    settings |= {"PAIRMILL_REDIS__URL": redis.url, "PAIRMILL_PROBE_PORT": str(port)}
    program = subprocess.Popen(
        [sys.executable, "-m", module], env=whole(settings), stderr=subprocess.PIPE, text=True
    )
    try:
        _until(lambda: _status(port, "/live") == 200)
        time.sleep(2)
        assert _status(port, "/ready") == 503
        with redis:
            _until(lambda: _status(port, "/ready") == 200)
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=30)
        assert program.returncode == 0, said
        assert "Traceback" not in said
        assert redis.password not in said
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def own_minio(tmp_path: Path) -> Iterator[MinioServer]:
    """A MinIO that may be killed."""
    with MinioServer(tmp_path / "minio") as found:
        yield found


def test_a_source_that_is_opened_while_the_store_is_away_is_a_fault_that_passes(
    own_minio: MinioServer,
) -> None:
    s3 = own_minio.settings("mill").model_copy(update={"create_bucket": True})
    stores = Stores(Settings(objects="minio", s3=s3))
    stores.open_target("s3://photos").put("a.png", b"a")
    assert not stores.objects.exists("a.png")
    own_minio.kill()
    with pytest.raises(RetryError, match="no answer"):
        stores.open_source("s3://photos").get("a.png")
    with pytest.raises(ConfigError, match="no answer"):  # nobody knows that address to be right
        Stores(Settings(objects="minio", s3=s3)).open_source("s3://photos").get("a.png")
    own_minio.start()
    assert stores.open_source("s3://photos").get("a.png") == b"a"


def test_every_wrong_variable_is_named_and_no_secret_of_a_misspelt_one_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAIRMILL_S3__SECRETKEY", WRONG)
    monkeypatch.setenv("PAIRMILL_REDIS", f'"redis://:{WRONG}@127.0.0.1/0"')
    monkeypatch.setenv("PAIRMILL_LEASE_SECONDS", "-1")
    with pytest.raises(ConfigError) as caught:
        read_settings()
    names = ["PAIRMILL_LEASE_SECONDS", "PAIRMILL_REDIS", "PAIRMILL_S3__SECRETKEY"]
    assert sorted(name for name, _ in caught.value.faults) == names
    assert "got '-1'" in str(caught.value)
    assert WRONG not in str(caught.value)
    monkeypatch.setenv("PAIRMILL_REDIS", f'{{"url": "redis://:{WRONG}')
    with pytest.raises(ConfigError, match="wanted JSON") as caught:
        read_settings()
    assert WRONG not in str(caught.value)


def test_settings_that_are_printed_hide_every_secret() -> None:
    found = Settings(
        redis=RedisSettings(url=SecretStr(f"redis://:{WRONG}@127.0.0.1:1/0")),
        s3=S3Settings(secret_key=SecretStr(WRONG), access_key=SecretStr(WRONG)),
    )
    assert WRONG not in f"{found!r} {found} {found.model_dump()}"


def _status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
