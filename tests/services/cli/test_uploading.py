"""`pairmill upload` into a real MinIO: what is sent, skipped, left out, and said."""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from pairmill.adapters.objects.minio import MinioObjects
from services.cli import upload
from services.cli.__main__ import main
from tests.servers.processes import MinioServer


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with images, a caption, hidden files and links."""
    folder = tmp_path / "photos"
    (folder / "cats").mkdir(parents=True)
    (folder / "a.png").write_bytes(b"an image")
    (folder / "a.txt").write_text("a caption")
    (folder / "cats" / "b ä.jpg").write_bytes(b"x" * 3000)
    (folder / ".DS_Store").write_bytes(b"litter")
    (tmp_path / "outside").write_bytes(b"secret")
    (folder / "out.png").symlink_to(tmp_path / "outside")
    (folder / "inside.png").symlink_to("a.png")
    return folder


@pytest.fixture
def bucket(minio_server: MinioServer, monkeypatch: pytest.MonkeyPatch) -> MinioObjects:
    """A fresh bucket, to which the settings lead."""
    name = f"test-{uuid4().hex}"
    monkeypatch.setenv("PAIRMILL_S3__ENDPOINT", minio_server.endpoint)
    monkeypatch.setenv("PAIRMILL_S3__ACCESS_KEY", minio_server.access_key)
    monkeypatch.setenv("PAIRMILL_S3__SECRET_KEY", minio_server.secret_key)
    monkeypatch.setenv("BUCKET", name)
    objects = MinioObjects(minio_server.settings(), name)
    objects.ensure_bucket()
    return objects


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command line; return its status."""
    monkeypatch.setattr("sys.argv", ["pairmill", "upload", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.servers
def test_a_folder_is_copied_once_and_then_only_what_changed(
    photos: Path, bucket: MinioObjects, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    address = f"s3://{os.environ['BUCKET']}/of/photos/"
    with open(os.fsencode(photos) + b"/caf\xe9.png", "wb") as file:
        file.write(b"data")
    monkeypatch.setattr(upload, "LARGE_BYTES", 1000)
    monkeypatch.setattr(upload, "BATCH_PER_THREAD", 1)
    assert call(monkeypatch, photos, address, "--threads", 2) == 0
    told = capsys.readouterr().out
    assert f"4 files sent to {address} (3.0 kB)" in told
    assert "1 left out: link_leads_out; 1 left out: name_is_not_utf8" in told
    sent = {key: bucket.get(key) for key in bucket.list("")}
    assert sent == {
        "of/photos/a.png": b"an image", "of/photos/a.txt": b"a caption",
        "of/photos/cats/b ä.jpg": b"x" * 3000, "of/photos/inside.png": b"an image",
    }  # fmt: skip
    (photos / "a.png").write_bytes(b"another image")
    (photos / "inside.png").unlink()
    assert call(monkeypatch, photos, address) == 0
    told = capsys.readouterr().out
    assert "1 files sent" in told
    assert "2 were there already" in told
    assert bucket.get("of/photos/a.png") == b"another image"


@pytest.mark.servers
def test_a_missing_bucket_stops_and_is_made_on_demand(
    photos: Path, bucket: MinioObjects, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    address = f"s3://test-{uuid4().hex}"
    assert call(monkeypatch, photos, address) == 3
    assert "PAIRMILL_S3__CREATE_BUCKET=true" in capsys.readouterr().err
    monkeypatch.setenv("PAIRMILL_S3__CREATE_BUCKET", "true")
    assert call(monkeypatch, photos, address) == 0
    assert "4 files sent" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "words"),
    [("bucket/photos", "wanted s3://bucket/prefix"), ("s3://", "wanted s3://bucket/prefix"),
     ("s3:///photos", "wanted s3://bucket/prefix")],
)  # fmt: skip
def test_an_address_that_is_none_is_told(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    address: str, words: str,
) -> None:  # fmt: skip
    assert call(monkeypatch, photos, address) == 3
    assert words in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, tmp_path / "none", "s3://bucket/photos") == 3
    assert "no such folder" in capsys.readouterr().err
