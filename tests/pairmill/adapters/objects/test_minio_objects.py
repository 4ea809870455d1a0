"""What is special about a bucket: credentials, pages, lost answers, and servers that go away."""

import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from minio import Minio
from pydantic import SecretStr

from pairmill.adapters.objects import minio as adapter
from pairmill.adapters.objects import minio_bucket
from pairmill.adapters.objects.minio import MinioObjects
from pairmill.core.errors import ConfigError, RetryError, StopError
from pairmill.settings import S3Settings, Settings
from pairmill.sources.listing import list_source
from pairmill.wiring import Stores
from tests.servers.between import Swallowing
from tests.servers.processes import MinioServer, free_port

pytestmark = pytest.mark.servers


@pytest.fixture
def bucket(minio_server: MinioServer) -> str:
    """The name of a fresh bucket."""
    name = f"test-{uuid4().hex}"
    MinioObjects(minio_server.settings(), name).ensure_bucket()
    return name


@pytest.fixture
def objects(minio_server: MinioServer, bucket: str) -> MinioObjects:
    """A fresh, empty store."""
    return MinioObjects(minio_server.settings(), bucket)


def by_hand(server: MinioServer) -> Minio:
    """Return the vendor's own client."""
    return Minio(f"127.0.0.1:{server.port}", server.access_key, server.secret_key, secure=False)


@pytest.mark.parametrize("call", ["put", "create", "get", "list"])
@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_a_wrong_password_stops_the_run_and_is_not_told(
    minio_server: MinioServer, bucket: str, call: str, wrong: str
) -> None:
    given = minio_server.settings().model_copy(update={wrong: SecretStr("wrong-password")})
    objects = MinioObjects(given, bucket)
    calls: dict[str, Callable[[], object]] = {
        "put": lambda: objects.put("a", b""), "create": lambda: objects.create("a", b""),
        "get": lambda: objects.get("a"), "list": lambda: list(objects.list("")),
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"denied.*PAIRMILL_S3__ACCESS_KEY") as caught:
        calls[call]()
    told = "".join(traceback.format_exception(caught.value))
    for secret in ("wrong-password", minio_server.secret_key, minio_server.access_key, "X-Amz"):
        assert secret not in told


def test_a_missing_bucket_is_said_to_be_missing_and_how_to_have_it_made(
    minio_server: MinioServer,
) -> None:
    objects = MinioObjects(minio_server.settings(), "nobody-made-it")
    for call in (lambda: objects.put("a", b""), lambda: objects.create("a", b""),
                 lambda: objects.get("a"), lambda: list(objects.list(""))):  # fmt: skip
        with pytest.raises(ConfigError, match=r"no such bucket.*PAIRMILL_S3__CREATE_BUCKET=true"):
            call()


def test_a_bucket_is_made_once_by_many_at_a_time(minio_server: MinioServer) -> None:
    name = f"test-{uuid4().hex}"
    stores = [MinioObjects(minio_server.settings(), name) for _ in range(8)]
    with ThreadPoolExecutor(len(stores)) as pool:
        made = list(pool.map(MinioObjects.ensure_bucket, stores))
    assert True in made
    assert not stores[0].ensure_bucket()
    assert list(stores[0].list("")) == []


def test_the_settings_alone_open_a_store_and_leave_no_probe(minio_server: MinioServer) -> None:
    s3 = minio_server.settings(f"test-{uuid4().hex}", "of others/ours/")
    with pytest.raises(ConfigError, match="no such bucket"):
        Stores(Settings(objects="minio", s3=s3)).objects.put("a", b"")
    made = s3.model_copy(update={"create_bucket": True})
    stores = Stores(Settings(objects="minio", s3=made))
    stores.objects.put("a", b"data")
    kept = [item.object_name for item in by_hand(minio_server).list_objects(s3.bucket, None, True)]
    assert kept == ["of others/ours/a"]
    assert stores.where == f"s3://{s3.bucket}/of others/ours"
    source = stores.open_source(f"s3://{s3.bucket}/of others")
    assert list(source.list("")) == ["ours/a"]
    stores.open_target(f"s3://{s3.bucket}/target").put("b", b"")
    assert list(stores.open_source(f"s3://{s3.bucket}").list("t")) == ["target/b"]


def test_a_store_sees_nothing_beside_its_prefix(minio_server: MinioServer, bucket: str) -> None:
    ours, others, whole = (
        MinioObjects(minio_server.settings(), bucket, prefix) for prefix in ("/a/", "ab", "")
    )
    ours.put("x", b"1")
    others.put("y", b"2")
    assert [list(store.list("")) for store in (ours, others, whole)] == [
        ["x"], ["y"], ["a/x", "ab/y"]]  # fmt: skip
    with pytest.raises(KeyError) as caught:
        ours.get("y")
    assert caught.value.args == ("y",)


def test_an_unreachable_endpoint_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minio_bucket, "WAITS", (0.01, 0.01))
    s3 = S3Settings(endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ConfigError, match=r"no answer.*PAIRMILL_S3__ENDPOINT"):
        MinioObjects(s3, "pairmill").put("a", b"")


def test_a_server_that_restarts_is_waited_for_and_one_that_stays_away_is_tried_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MinioServer(tmp_path) as server:
        objects = MinioObjects(server.settings(), "pairmill")
        objects.ensure_bucket()
        objects.put("a", b"before")
        server.kill()
        starting = threading.Timer(0.3, server.start)
        starting.start()
        assert objects.get("a") == b"before"
        assert objects.create("b", b"after")
        starting.join()
        server.stop()
        monkeypatch.setattr(minio_bucket, "WAITS", (0.01, 0.01))
        for call in (lambda: objects.put("a", b""), lambda: objects.create("c", b""),
                     lambda: objects.get("a"), lambda: list(objects.list(""))):  # fmt: skip
            with pytest.raises(RetryError, match="no answer"):
                call()


def test_a_winner_that_is_never_answered_still_wins(minio_server: MinioServer, bucket: str) -> None:
    with Swallowing(minio_server.port) as between:
        s3 = minio_server.settings().model_copy(
            update={"endpoint": f"http://127.0.0.1:{between.port}"}
        )
        objects = MinioObjects(s3, bucket)
        assert not objects.exists("commit")
        between.answers = 2
        assert objects.create("commit", b"data")
        assert between.num_lost == 2
        between.answers = 1
        assert not objects.create("commit", b"data"), "the same bytes, yet somebody else's"
        between.answers = 1
        assert not objects.create("commit", b"other")
        assert objects.get("commit") == b"data"


def test_keys_are_listed_over_many_pages(
    objects: MinioObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [f"shard-{i % 7}/{i:05d} é" for i in range(2_500)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: objects.put(key, b""), wanted))
    assert list(objects.list("")) == sorted(wanted)
    monkeypatch.setattr(adapter, "PAGE", 7)
    assert list(objects.list("shard-3/000")) == [k for k in sorted(wanted) if "shard-3/000" in k]


def test_a_listing_is_read_page_by_page(
    objects: MinioObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(20):
        objects.put(f"{i:02d}", b"")
    calls: list[str] = []
    page = minio_bucket.S3Bucket.page

    def counted(
        self: minio_bucket.S3Bucket, prefix: str, after: str, count: int
    ) -> list[tuple[str, int]]:
        calls.append(after)
        return page(self, prefix, after, count)

    monkeypatch.setattr(adapter, "PAGE", 5)
    monkeypatch.setattr(minio_bucket.S3Bucket, "page", counted)
    keys = objects.list("")
    assert calls == []
    assert [next(keys) for _ in range(6)] == ["00", "01", "02", "03", "04", "05"]
    assert calls == ["", "04"]


def test_freezing_a_source_asks_for_no_size_that_the_listing_told(
    minio_server: MinioServer, bucket: str, objects: MinioObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        objects.put(f"photos/{i}.png", b"x" * i)
    by_hand(minio_server).put_object(bucket, "photos/folder/", BytesIO(b""), 0)
    source = MinioObjects(minio_server.settings(), bucket, "photos", read_only=True)
    asked: list[str] = []
    size = minio_bucket.S3Bucket.size

    def counted(self: minio_bucket.S3Bucket, name: str) -> int:
        asked.append(name)
        return size(self, name)

    monkeypatch.setattr(minio_bucket.S3Bucket, "size", counted)
    assert [(e.object, e.length) for e in list_source(source)] == [
        (f"{i}.png", i) for i in range(5)]  # fmt: skip
    assert asked == []
    assert source.size("3.png") == 3
    assert asked == ["photos/3.png"]
    list(objects.list(""))
    assert objects.size("photos/4.png") == 4
    assert len(asked) == 2, "a store that is written to answers from the server"


def test_a_source_is_never_written_to(minio_server: MinioServer, bucket: str) -> None:
    source = MinioObjects(minio_server.settings(), bucket, read_only=True)
    for call in (lambda: source.put("a", b""), lambda: source.create("a", b""),
                 lambda: source.delete("a")):  # fmt: skip
        with pytest.raises(ValueError, match="read only"):
            call()


def test_a_large_object_is_sent_in_parts_and_read_by_ranges(
    objects: MinioObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minio_bucket, "PART_BYTES", 5 * 2**20)
    data = bytes(range(256)) * (12 * 2**12) + b"the end"
    objects.put("large", data)
    assert objects.size("large") == len(data)
    assert objects.get("large") == data
    assert objects.get_range("large", 5 * 2**20 - 3, 6) == data[5 * 2**20 - 3 :][:6]
    assert objects.get_range("large", len(data) - 3, 100) == b"end"


def test_a_key_that_is_too_long_is_refused_clearly(objects: MinioObjects) -> None:
    for write in (objects.put, objects.create):
        with pytest.raises(ValueError, match="1,024 bytes"):
            write("/".join(["x" * 200] * 6), b"data")


def test_a_user_who_may_only_read_is_told_so(minio_server: MinioServer, bucket: str) -> None:
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},'
        f'"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::{bucket}/*"]}}]}}'
    )
    by_hand(minio_server).set_bucket_policy(bucket, policy)
    MinioObjects(minio_server.settings(), bucket).put("a", b"data")
    anybody = MinioObjects(S3Settings(endpoint=minio_server.endpoint), bucket)
    assert anybody.get("a") == b"data"
    for write in (anybody.put, anybody.create):
        with pytest.raises(StopError, match="denied"):
            write("b", b"")


def test_calls_of_many_threads_share_connections(objects: MinioObjects) -> None:
    objects.put("a", b"data")
    start = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(lambda _: objects.get("a"), range(500))) == {b"data"}
    assert time.monotonic() - start < 30


def test_tls_is_spoken_with_whom_one_trusts_and_with_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MinioServer(tmp_path)
    server.tls()
    with server:
        assert server.endpoint.startswith("https://")
        with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
            MinioObjects(server.settings(), "pairmill").ensure_bucket()
        plain = server.settings().model_copy(update={"endpoint": f"http://127.0.0.1:{server.port}"})
        with pytest.raises(ConfigError, match="https://"):
            MinioObjects(plain, "pairmill").put("a", b"")
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        objects = MinioObjects(server.settings(), "pairmill")
        objects.ensure_bucket()
        objects.put("a", b"data")
        assert objects.create("b", b"data")
        assert not objects.create("b", b"data")
        assert objects.get_range("a", 1, 2) == b"at"
