"""Writing files: all or nothing, to nowhere it should not."""

import errno
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from record_files import example

from landscape.errors import FileError
from landscape.files import surfaces as store
from landscape.files.replace import file_errors, replacement, scratch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example in a file of its own."""
    example().save(tmp_path / "wide.h5")
    return tmp_path / "wide.h5"


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "free some space"), (errno.EACCES, "you can write to"), (errno.EDQUOT, "quota")],
)
@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_everything_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    before = path.read_bytes()
    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(FileError, match=advice) as refused:
        example(2, 2).save(path)
    assert str(path) in str(refused.value)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda *_: real(Path("/dev/full"), "wb"))
    with pytest.raises(FileError, match="No space left on device; free some space"):
        example().save(tmp_path / "wide.h5")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        example(2, 2).save(path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_a_reader_sees_a_whole_file_while_another_is_written(path: Path) -> None:
    records = [example(2, 2), example(30, 30)]
    writer = threading.Thread(target=lambda: [records[k % 2].save(path) for k in range(40)])
    writer.start()
    shapes = set()
    while writer.is_alive():
        shapes.add(store.load(path).loss.shape)
    writer.join()
    assert shapes <= {(4, 3), (2, 2), (30, 30)}


@pytest.mark.parametrize(
    "write", [lambda path: example().save(path), lambda path: store.check_writable(path, force=True)]
)
def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, write: Callable[[Path], None]) -> None:
    (tmp_path / "file").touch()
    for path, reason in [
        (tmp_path / "missing" / "wide.h5", "create the folder first"),
        (tmp_path / "file" / "wide.h5", "a part of its path is a file"),
        (tmp_path, "is a folder; name a file in it"),
        (tmp_path / ("x" * 300), "File name too long"),
    ]:
        with pytest.raises(FileError, match=reason):
            write(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="Permission denied; choose a folder you can write to"):
        store.check_writable(tmp_path / "wide.h5", force=False)
    tmp_path.chmod(0o700)


def test_check_writable_protects_what_exists_and_leaves_no_trace(path: Path) -> None:
    with pytest.raises(FileError, match="exists already; pass --force"):
        store.check_writable(path, force=False)
    with pytest.raises(FileError, match="exists already"):
        example().save(path, overwrite=False)
    store.check_writable(path, force=True)
    store.check_writable(path.with_name("new.h5"), force=False)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_replacement_takes_its_place_only_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "note.txt"
    target.write_text("before")

    def stop_half_way() -> None:
        with replacement(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_half_way()
    assert target.read_text() == "before"
    with replacement(target, ".txt") as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".txt")
        temporary.write_text("after")
        assert target.read_text() == "before"
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]


def test_whatever_lies_under_a_scratch_name_is_removed(tmp_path: Path) -> None:
    with scratch(tmp_path / "note.txt") as temporary:
        temporary.write_text("draft")
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_refuses_names_the_file_and_the_way_out() -> None:
    advice = r"cannot write a\.txt: No such file or directory; create the folder first"
    with pytest.raises(FileError, match=advice), file_errors("a.txt"):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def test_links_are_followed_and_permissions_are_those_of_a_new_file(path: Path) -> None:
    link, plain = path.with_name("link.h5"), path.with_name("plain")
    link.symlink_to(path.name)
    example(2, 2).save(link)
    plain.touch()
    assert link.is_symlink()
    assert store.load(path).loss.shape == (2, 2)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
