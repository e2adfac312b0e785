import contextlib
import gzip
import hashlib
import io
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dataset_files import idx_bytes, write, write_cifar10, write_table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from landscape.errors import FileError
from landscape.train import readers
from landscape.train.readers import find_files, read_cifar10, read_idx, read_npz

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@settings(deadline=None)
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3)), st.booleans())
def test_idx_is_read_bit_for_bit_plain_and_packed(folder, values, packed):
    path = write(folder / "any", idx_bytes(values), packed=packed)
    assert np.array_equal(read_idx(path, dims=values.ndim), values)


@settings(deadline=None)
@given(st.integers(0, len(idx_bytes(IMAGES)) - 1), st.booleans())
def test_idx_cut_anywhere_is_refused(folder, length, packed):
    with pytest.raises(FileError):
        read_idx(write(folder / "cut", idx_bytes(IMAGES)[:length], packed=packed), dims=3)


@settings(deadline=None)
@given(st.integers(0, len(gzip.compress(idx_bytes(IMAGES))) - 1))
def test_gzip_cut_anywhere_is_refused(folder, length):
    with pytest.raises(FileError):
        read_idx(write(folder / "cut", gzip.compress(idx_bytes(IMAGES))[:length]), dims=3)


@pytest.mark.parametrize("packed", [False, True])
def test_idx_longer_than_declared_is_refused(tmp_path, packed):
    with pytest.raises(FileError, match="declares 24 values, but holds more"):
        read_idx(write(tmp_path / "long", idx_bytes(IMAGES) + b"\0", packed=packed), dims=3)


@pytest.mark.parametrize(
    ("magic", "said"),
    [
        (b"\x00\x00\x08\x01", "0x00000801"),
        (b"\x00\x00\x0d\x03", "0x00000d03"),
        (b"\x03\x08\x00\x00", "0x03080000"),
        (b"PK\x03\x04", "0x504b0304"),
    ],
    ids=["labels", "float32", "little-endian", "zip"],
)
def test_idx_of_another_kind_is_refused_by_its_magic_number(tmp_path, magic, said):
    with pytest.raises(FileError, match=f"magic number {said}, expected 0x00000803"):
        read_idx(write(tmp_path / "other", magic + idx_bytes(IMAGES)[4:]), dims=3)


def test_a_packed_file_is_known_by_its_content(tmp_path):
    assert np.array_equal(read_idx(write(tmp_path / "plain.gz", idx_bytes(IMAGES)), dims=3), IMAGES)


def test_a_bomb_does_not_fill_the_memory(tmp_path):
    honest = b"\0\0\x08\x01" + (1000).to_bytes(4, "big") + bytes(50_000_000)
    lying = b"\0\0\x08\x03" + (2**32 - 1).to_bytes(4, "big") * 3
    small = write(tmp_path / "bomb", honest, packed=True)
    huge = write(tmp_path / "liar", lying, packed=True)
    tracemalloc.start()
    with pytest.raises(FileError, match="holds more"):
        read_idx(small, dims=1)
    with pytest.raises(FileError, match="at most"):
        read_idx(huge, dims=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_declared_size_beyond_what_gzip_can_pack_is_refused(tmp_path):
    path = write(tmp_path / "liar", b"\0\0\x08\x01" + (2**30).to_bytes(4, "big"), packed=True)
    with pytest.raises(FileError, match="its length allows at most"):
        read_idx(path, dims=1)


def test_checksum_is_of_the_unpacked_bytes(tmp_path):
    checksum = "md5:" + hashlib.md5(idx_bytes(IMAGES)).hexdigest()
    for packed in (False, True):
        path = write(tmp_path / f"file{packed}", idx_bytes(IMAGES), packed=packed)
        assert np.array_equal(read_idx(path, dims=3, checksum=checksum), IMAGES)
        with pytest.raises(FileError, match=r"not the published file; .* checksum=False"):
            read_idx(path, dims=3, checksum="md5:" + "0" * 32)


def test_every_published_file_has_a_checksum_of_its_kind():
    lengths = {"md5": 32, "sha1": 40}
    for checksums in readers.CHECKSUMS.values():
        for kind, digest in (checksum.split(":") for checksum in checksums.values()):
            assert len(digest) == lengths[kind]
            int(digest, 16)


@pytest.mark.parametrize("packed", [False, True])
def test_cifar10_records_are_label_red_green_blue(tmp_path, packed):
    records = write_cifar10(tmp_path, packed=packed)["test_batch.bin"]
    images, labels = read_cifar10(find_files(tmp_path, ["test_batch.bin"])["test_batch.bin"])
    assert np.array_equal(labels, records[:, 0])
    assert np.array_equal(images[:, 1, 2, 3], records[:, 1 + 1024 + 2 * 32 + 3])


def test_cifar10_refuses_part_of_a_record_wrong_labels_and_too_much(tmp_path, monkeypatch):
    record = bytes([3]) + bytes(3072)
    for content in (b"", record[:-1], record + b"\0"):
        with pytest.raises(FileError, match="expected a multiple of 3073"):
            read_cifar10(write(tmp_path / "part.bin", content))
    with pytest.raises(FileError, match="label 10 at row 1; expected 0 to 9"):
        read_cifar10(write(tmp_path / "label.bin", record + bytes([10]) + record[1:]))
    monkeypatch.setattr(readers, "_CIFAR10_MOST", 3072)
    with pytest.raises(FileError, match="more than 3072 bytes"):
        read_cifar10(write(tmp_path / "bomb.bin", record, packed=True))


def test_find_files_lists_what_is_missing_and_where(tmp_path):
    write(tmp_path / "inner" / "a.gz", b"")
    assert find_files(tmp_path, ["a"], inside=["inner"]) == {"a": tmp_path / "inner" / "a.gz"}
    with pytest.raises(FileError, match=rf"not found in {tmp_path} or {tmp_path / 'inner'}: b, c"):
        find_files(tmp_path, ["a", "b", "c"], inside=["inner"])
    with pytest.raises(FileError, match=r"no folder .*nowhere; expected one that holds a, b"):
        find_files(tmp_path / "nowhere", ["a", "b"])


@pytest.mark.parametrize("read", [lambda path: read_idx(path, dims=1), read_cifar10, read_npz])
def test_unreadable_paths_give_one_clear_error(tmp_path, read):
    with pytest.raises(FileError, match="No such file"):
        read(tmp_path / "nothing")
    with pytest.raises(FileError, match="Is a directory"):
        read(tmp_path)


def test_npz_is_read_bit_for_bit(tmp_path):
    held = {"x": np.eye(3), "y": np.array([1, 2, 3], np.int16), "fortran": np.asfortranarray(np.ones((2, 5)))}
    found = read_npz(write_table(tmp_path / "t.npz", **held))
    assert found.keys() == held.keys()
    assert all(np.array_equal(found[name], held[name]) and found[name].dtype == held[name].dtype for name in held)


def test_npz_with_python_objects_is_never_unpickled(tmp_path):
    path = write_table(tmp_path / "t.npz", x=np.array([{"a": 1}, None], object))
    with pytest.raises(FileError, match="holds Python objects"):
        read_npz(path)


def test_npz_that_declares_more_than_it_holds_is_refused_before_memory_is_taken(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(80))
    with pytest.raises(FileError, match=r"x.npy declares shape \(1000000000000,\), but holds 80 bytes"):
        read_npz(tmp_path / "t.npz")


def test_npz_that_unpacks_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    path = write_table(tmp_path / "t.npz", x=np.zeros(10_000))
    monkeypatch.setattr(readers, "MAX_BYTES", 1000)
    with pytest.raises(FileError, match="at most 1000"):
        read_npz(path)


def test_npz_in_an_unknown_format_version_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x09\x00" + bytes(100))
    with pytest.raises(FileError, match=r"format \(9, 0\)"):
        read_npz(tmp_path / "t.npz")


@settings(deadline=None)
@given(st.data())
def test_a_damaged_npz_is_read_or_refused_and_nothing_else(folder, data):
    content = bytearray(write_table(folder / "whole.npz", x=np.eye(4), y=np.arange(4)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = write(folder / "damaged.npz", bytes(content[: data.draw(st.integers(0, len(content)))]))
    with contextlib.suppress(FileError):
        read_npz(path)
