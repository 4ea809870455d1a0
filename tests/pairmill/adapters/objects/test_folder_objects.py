"""What only the folder store must do: full disks, links, pipes, temporaries, other file systems."""

import errno
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pairmill.adapters.objects import files
from pairmill.adapters.objects.folder import TEMPORARIES, FolderObjects
from pairmill.adapters.objects.selftest import check_create_only
from pairmill.core.errors import ConfigError, RejectError, StoreFullError

CAP_SYS_ADMIN = 1 << 21


def failing(number: int) -> Callable[..., Any]:
    """Return a function that fails as the kernel does."""

    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def left_behind(root: Path) -> list[str]:
    """Return the temporaries that lie in a root."""
    folder = root / TEMPORARIES
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["write", "fsync", "link", "replace", "open"])
def test_a_full_disk_is_told_by_name_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("before", b"old")
    writes = objects.put if call == "replace" else objects.create
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(number))
        with pytest.raises(StoreFullError, match=r"no space left for new .*free some"):
            writes("new", b"data")
    assert list(objects.list("")) == ["before"]
    assert left_behind(tmp_path) == []
    writes("new", b"data")
    assert objects.get("new") == b"data"


def test_a_write_that_is_cut_short_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    objects = FolderObjects(tmp_path)
    objects.put("a", bytes(range(256)))
    assert objects.get("a") == bytes(range(256))


def test_a_real_limit_of_the_kernel_keeps_the_old_object(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("a", b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    try:
        with pytest.raises(StoreFullError, match="1,000,000 bytes"):
            objects.put("a", b"x" * 1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert objects.get("a") == b"old"
    assert left_behind(tmp_path) == []


def may_mount() -> bool:
    """Say whether this process may mount a file system."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    rights = [int(line.split()[1], 16) for line in lines if line.startswith("CapEff")]
    return os.geteuid() == 0 and any(right & CAP_SYS_ADMIN for right in rights)


if may_mount():

    def test_a_disk_that_is_really_full_keeps_what_was_there(tmp_path: Path) -> None:
        command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True)
        try:
            objects = FolderObjects(tmp_path / "root")
            objects.put("small", b"x" * 1000)
            for writes in (objects.put, objects.create):
                with pytest.raises(StoreFullError, match="no space left for big"):
                    writes("big", b"x" * 1_000_000)
            assert list(objects.list("")) == ["small"]
            assert left_behind(tmp_path / "root") == []
            objects.put("again", b"x" * 1000)
        finally:
            subprocess.run(["umount", str(tmp_path)], check=True)


def test_temporaries_are_neither_listed_nor_reached(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("a", b"data")
    (tmp_path / TEMPORARIES / "1-abandoned").write_bytes(b"part")
    assert list(objects.list("")) == ["a"]
    assert list(objects.list(".")) == []
    with pytest.raises(ValueError, match="kept for temporaries"):
        objects.get(f"{TEMPORARIES}/1-abandoned")


def test_old_temporaries_of_killed_processes_are_swept_and_young_ones_are_not(
    tmp_path: Path,
) -> None:
    FolderObjects(tmp_path).put("a", b"data")
    for name, age in (("1-old", 2 * files.STALE_SECONDS), ("1-young", 60.0)):
        path = tmp_path / TEMPORARIES / name
        path.write_bytes(b"part")
        os.utime(path, (path.stat().st_atime - age, path.stat().st_mtime - age))
    FolderObjects(tmp_path).put("b", b"data")
    assert left_behind(tmp_path) == ["1-young"]


@pytest.mark.parametrize("number", files.NO_LINKS)
def test_one_of_many_wins_a_create_also_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", failing(number))
    stores = [FolderObjects(tmp_path) for _ in range(8)]
    start = threading.Barrier(len(stores))

    def race(objects: FolderObjects) -> bool:
        start.wait()
        return objects.create("contested", b"data")

    for _ in range(5):
        with ThreadPoolExecutor(len(stores)) as pool:
            assert sum(pool.map(race, stores)) == 1
        stores[0].delete("contested")
    assert check_create_only(stores[0])


def test_a_link_that_was_made_but_reported_as_failed_counts_as_won(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def repeated(source: str, target: str) -> None:
        link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", repeated)
    assert FolderObjects(tmp_path).create("a", b"data")


def test_the_self_test_finds_a_store_that_ignores_the_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = FolderObjects(tmp_path)

    def overwrite(key: str, data: bytes) -> bool:
        objects.put(key, data)
        return True

    monkeypatch.setattr(objects, "create", overwrite)
    assert not check_create_only(objects)
    assert list(objects.list("")) == []


def test_data_is_synced_before_the_commit_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watched(fd: int) -> None:
        synced.append(os.path.relpath(os.readlink(f"/proc/self/fd/{fd}"), tmp_path))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", watched)
    objects = FolderObjects(tmp_path)
    objects.put("data/a", b"1")
    objects.put("data/b", b"2")
    objects.put("unfinished/c", b"3")
    objects.delete("unfinished/c")
    assert synced == []
    objects.create("commits/a", b"{}")
    assert sorted(synced[:-1]) == ["data/a", "data/b"]
    assert synced[-1].startswith(TEMPORARIES)
    del synced[:]
    objects.create("commits/b", b"{}")
    assert len(synced) == 1


def test_a_read_only_store_writes_nothing(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path / "source", read_only=True)
    for call in (lambda: objects.put("a", b""), lambda: objects.create("a", b""),
                 lambda: objects.delete("a")):  # fmt: skip
        with pytest.raises(ValueError, match="read only"):
            call()
    assert list(objects.list("")) == []
    assert not (tmp_path / "source").exists()


def test_links_that_lead_out_of_a_source_are_listed_and_rejected(tmp_path: Path) -> None:
    source, outside = tmp_path / "source", tmp_path / "source-secrets"
    source.mkdir()
    outside.mkdir()
    (outside / "key.png").write_bytes(b"secret")
    (source / "good.png").write_bytes(b"good")
    (source / "inside.png").symlink_to("good.png")
    (source / "absolute.png").symlink_to(outside / "key.png")
    (source / "relative.png").symlink_to("../source-secrets/key.png")
    (source / "folder").symlink_to(outside)
    (source / "circle").symlink_to(".")
    (source / "self").symlink_to("self")
    (source / "dangling").symlink_to("nowhere")
    objects = FolderObjects(source, read_only=True)
    assert list(objects.list("")) == ["absolute.png", "circle", "dangling", "folder", "good.png",
                                      "inside.png", "relative.png", "self"]  # fmt: skip
    assert objects.get("inside.png") == b"good"
    for key in ("absolute.png", "relative.png", "folder", "folder/key.png"):
        with pytest.raises(RejectError) as caught:
            objects.get(key)
        assert (caught.value.rule, caught.value.value) == ("link_leads_out", key)
        with pytest.raises(RejectError):
            objects.get_range(key, 0, 1)
    for key in ("circle", "self", "dangling"):
        with pytest.raises(KeyError):
            objects.get(key)


def test_a_source_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"data")
    (tmp_path / "link").symlink_to("real")
    assert FolderObjects(tmp_path / "link", read_only=True).get("a") == b"data"


def test_a_file_that_may_not_be_read_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(b"data")
    monkeypatch.setattr(os, "open", failing(errno.EACCES))
    with pytest.raises(RejectError) as caught:
        FolderObjects(tmp_path, read_only=True).get("a.png")
    assert caught.value.rule == "unreadable"
    with pytest.raises(PermissionError):
        FolderObjects(tmp_path).get("a.png")


def test_a_pipe_among_the_images_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    objects = FolderObjects(tmp_path, read_only=True)
    assert list(objects.list("")) == []
    with pytest.raises(KeyError):
        objects.get("pipe.png")


def test_file_names_that_are_not_utf8_are_listed_and_read(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.png", "wb") as file:
        file.write(b"data")
    objects = FolderObjects(tmp_path, read_only=True)
    assert [objects.get(key) for key in objects.list("caf")] == [b"data"]


def test_a_key_below_an_object_or_of_a_folder_is_refused_clearly(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("a/b", b"data")
    for write in (objects.put, objects.create):
        with pytest.raises(ValueError, match="cannot also be a folder"):
            write("a/b/c", b"data")
    with pytest.raises(ValueError, match="cannot also be a folder"):
        objects.put("a", b"data")
    with pytest.raises(ValueError, match="File name too long"):
        objects.put("x" * 300, b"data")
    assert left_behind(tmp_path) == []


def test_a_part_of_the_root_on_another_disk_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", failing(errno.EXDEV))
    with pytest.raises(ConfigError, match="another file system"):
        FolderObjects(tmp_path).put("a", b"data")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_root_that_may_not_be_written_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "open", failing(number))
    with pytest.raises(ConfigError, match="a folder in which you may write"):
        FolderObjects(tmp_path).put("a", b"data")


def test_files_get_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        objects = FolderObjects(tmp_path)
        objects.put("a", b"")
        objects.create("b", b"")
    finally:
        os.umask(before)
    assert [(tmp_path / key).stat().st_mode & 0o777 for key in ("a", "b")] == [0o640, 0o640]


def test_many_unsynced_files_are_synced_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: calls.append("sync"))
    monkeypatch.setattr(os, "fsync", lambda fd: calls.append("fsync"))
    objects = FolderObjects(tmp_path)
    for i in range(files.MANY_FILES + 1):
        objects.put(f"{i}", b"")
    assert objects.create("commit", b"")
    assert calls == ["sync"]


def test_the_store_works_from_another_working_directory(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from pairmill.adapters.objects.folder import FolderObjects\n"
        "objects = FolderObjects(Path('root')); os.chdir('/'); objects.put('a', b'data')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "root" / "a").read_bytes() == b"data"
