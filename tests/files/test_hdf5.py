"""HDF5 as records use it: the same values give the same bytes, and the reader is suspicious of all that it reads."""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from record_files import PROVENANCE, bits, example, refusal

from landscape.errors import FileError, InputError
from landscape.files import surfaces as store
from landscape.files.hdf5 import attribute, encode, write, write_attributes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example in a file of its own."""
    example().save(tmp_path / "wide.h5")
    return tmp_path / "wide.h5"


def test_the_same_values_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(file: h5py.File) -> None:
        write_attributes(file, {"model": "wide", "versions": {"torch": "2"}, "P": 3})
        write(file, "loss", np.arange(3.0), units="nats")

    before = encode(fill)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert encode(fill) == before
    with h5py.File(io.BytesIO(before)) as file:
        assert file["loss"].attrs["units"] == b"nats"
        assert (attribute(file, "P", int), attribute(file, "versions", dict)) == (3, {"torch": "2"})


def test_a_text_that_is_no_unicode_is_kept_as_escapes() -> None:
    image = encode(lambda file: write_attributes(file, {"command": "a\udce9 b\0", "empty": ""}))
    with h5py.File(io.BytesIO(image)) as file:
        assert attribute(file, "command", str) == r"a\udce9 b\0"
        assert attribute(file, "empty", str) == ""


def test_what_hdf5_cannot_hold_is_an_input_error() -> None:
    with pytest.raises(InputError, match="P cannot be stored, expected text or a number: 1180591620717411303424"):
        encode(lambda file: write_attributes(file, {"P": 2**70}))


def test_a_lock_left_by_another_program_does_not_matter(path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert store.load(path).loss.shape == (4, 3)
        example(2, 2).save(path)
    assert store.load(path).loss.shape == (2, 2)


def test_files_that_are_no_surface_files(tmp_path: Path) -> None:
    assert "there is no file" in refusal(tmp_path / "missing.h5")
    assert "there is no file" in refusal(tmp_path)
    for content in (b"", b"\x89HDF", b"hello, this is text"):
        (tmp_path / "text.h5").write_bytes(content)
        assert "not an HDF5 file" in refusal(tmp_path / "text.h5")
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["coordinates"] = np.arange(3.0)
    assert "is HDF5, but not a surface file" in refusal(tmp_path / "foreign.h5")


def test_every_truncation_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for length in [*range(8, len(content), 499), len(content) - 1]:
        path.write_bytes(content[:length])
        assert "damaged" in refusal(path)


def test_a_flipped_byte_is_refused_or_changes_one_value(path: Path) -> None:
    content = path.read_bytes()
    for position in range(8, len(content), 97):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        with suppress(FileError):
            assert store.load(path).provenance == PROVENANCE


def changed(path: Path, change: Callable[[h5py.File], object]) -> str:
    with h5py.File(path, "r+") as file:
        change(file)
    return refusal(path)


def replaced(name: str, **made: Any) -> Callable[[h5py.File], object]:
    """A change that puts another dataset in the place of one."""

    def change(file: h5py.File) -> None:
        attributes = {key: file[name].attrs[key] for key in ("units", "long_name", "scale") if key in file[name].attrs}
        del file[name]
        file.create_dataset(name, **made).attrs.update(attributes)

    return change


GRID_FAULTS: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "newer": (lambda file: file.attrs.modify("schema", 2), "has schema 2, this version reads 1; upgrade"),
    "older": (lambda file: file.attrs.modify("schema", 0), "schema is 0"),
    "schema is text": (lambda file: file.attrs.create("schema", np.bytes_(b"one")), "schema holds 'one', expected int"),
    "no alpha": (lambda file: file.pop("alpha"), "alpha is missing"),
    "no status": (lambda file: file.pop("status"), "status is missing"),
    "alpha is a group": (lambda file: [file.pop("alpha"), file.create_group("alpha")], "alpha is a group"),
    "two-dimensional alpha": (replaced("alpha", data=np.zeros((2, 2))), r"alpha has shape (2, 2)"),
    "scalar alpha": (replaced("alpha", data=1.0), "alpha has shape ()"),
    "no values": (replaced("alpha", data=h5py.Empty("f8")), "alpha has shape None"),
    "empty alpha": (replaced("alpha", data=np.zeros(0)), "alpha has 0 values"),
    "NaN axis": (replaced("alpha", data=np.array([0, 1, np.nan, 3])), "finite, strictly increasing"),
    "falling axis": (replaced("alpha", data=np.array([3.0, 2, 1, 0])), "finite, strictly increasing"),
    "integers": (replaced("alpha", data=np.arange(4)), "alpha is int64"),
    "status of floats": (replaced("status", data=np.ones((4, 3))), "status is float64"),
    "status of another shape": (replaced("status", data=np.ones((3, 4), np.uint8)), "status is uint8 (3, 4)"),
    "no unit": (lambda file: file["alpha"].attrs.pop("units"), "attribute units is missing"),
    "unknown scale": (lambda file: file["alpha"].attrs.create("scale", np.bytes_(b"cube root")), "cube root"),
    "metrics is no list": (
        lambda file: file.attrs.create("metrics", np.bytes_(b"3")),
        "metrics holds 3, expected list",
    ),
    "metrics is no JSON": (lambda file: file.attrs.create("metrics", np.bytes_(b"[oops")), "Expecting value"),
    "metric of the schema": (lambda file: file.attrs.create("metrics", np.bytes_(b'["../x"]')), "cannot name a metric"),
    "nested recipe": (lambda file: file.attrs.create("subspace", np.bytes_(b'{"kind": []}')), "attribute subspace"),
    "not UTF-8": (lambda file: file.attrs.create("model", np.bytes_(b"\xff\xfe")), "'utf-8' codec"),
    "text of variable length": (lambda file: file.attrs.create("model", "wide:0"), "text of fixed length"),
    "an array for a number": (lambda file: file.attrs.create("P", np.arange(5)), "not one number"),
    "P is text": (lambda file: file.attrs.create("P", np.bytes_(b"many")), "P holds 'many', expected int"),
}

VALUE_FAULTS: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "no metric": (lambda file: file.pop("test_accuracy"), "test_accuracy is missing"),
    "no error": (lambda file: file.pop("error"), "error is missing"),
    "transposed": (replaced("train_loss", data=np.ones((3, 4))), "train_loss is float64 (3, 4)"),
    "float32": (replaced("train_loss", data=np.ones((4, 3), np.float32)), "train_loss is float32"),
    "text": (replaced("train_loss", data=np.full((4, 3), b"x")), "train_loss is |S1"),
    "references": (replaced("train_loss", shape=(4, 3), dtype=h5py.ref_dtype), "train_loss is object"),
    "ragged": (replaced("train_loss", shape=(4, 3), dtype=h5py.vlen_dtype(float)), "train_loss is object"),
    "never stored": (replaced("train_loss", shape=(4, 3), dtype=float), "stores 0 bytes here, expected all 96"),
    "compressed": (replaced("train_loss", data=np.ones((4, 3)), compression="gzip"), "in one piece"),
    "path of 3": (replaced("trajectory/loss", data=np.ones(3)), "loss is float64 (3,), expected float64 (6,)"),
    "no explained": (lambda file: file["trajectory"].attrs.pop("explained"), "attribute explained is missing"),
    "trajectory is a dataset": (
        lambda file: [file.pop("trajectory"), file.create_dataset("trajectory", data=1.0)],
        "trajectory is a dataset, expected a group",
    ),
    "radius from 1": (replaced("rays/radius", data=np.arange(1.0, 6)), "radius must start at 0"),
    "no seed": (lambda file: file["rays"].attrs.pop("seed"), "attribute seed is missing"),
    "soft link": (
        lambda file: [file.pop("train_loss"), file.update({"train_loss": h5py.SoftLink("/error")})],
        "train_loss is a link to elsewhere",
    ),
    "loop of links": (
        lambda file: [file.pop("rays"), file.update({"rays": h5py.SoftLink("/rays")})],
        "rays is a link to elsewhere",
    ),
}


@pytest.mark.parametrize(("change", "message"), GRID_FAULTS.values(), ids=GRID_FAULTS)
def test_a_faulty_grid_is_refused(path: Path, change: Callable[[h5py.File], object], message: str) -> None:
    assert message in changed(path, change)


@pytest.mark.parametrize(("change", "message"), VALUE_FAULTS.values(), ids=VALUE_FAULTS)
def test_faulty_values_are_refused(path: Path, change: Callable[[h5py.File], object], message: str) -> None:
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(FileError) as refused:
        store.load(path)
    assert str(path) in str(refused.value)
    assert message in str(refused.value)


def test_an_unknown_status_is_refused(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["status"][0, 0] = 7
    with pytest.raises(FileError, match="status holds 7"):
        store.load(path)


def test_values_in_another_file_are_never_fetched(path: Path) -> None:
    secret = path.with_name("secret")
    secret.write_bytes(np.arange(12.0).tobytes())
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other["train_loss"] = np.ones((4, 3))
    layout = h5py.VirtualLayout((4, 3), float)
    layout[:] = h5py.VirtualSource(str(path.with_name("other.h5")), "train_loss", (4, 3))
    changes: list[tuple[Callable[[h5py.File], object], str]] = [
        (lambda file: file.update({"train_loss": h5py.ExternalLink("other.h5", "train_loss")}), "link to elsewhere"),
        (
            lambda file: file.create_dataset("train_loss", (4, 3), float, external=[(str(secret), 0, 96)]),
            "in one piece",
        ),
        (lambda file: file.create_virtual_dataset("train_loss", layout), "in one piece"),
    ]
    for change, message in changes:
        with h5py.File(path, "r+") as file:
            del file["train_loss"]
            change(file)
        with pytest.raises(FileError, match=message):
            store.load(path)


def test_a_small_file_cannot_ask_for_all_memory(path: Path) -> None:
    assert "alpha stores 0 bytes here" in changed(path, replaced("alpha", shape=(2**40,), dtype=float))
    example(60, 60).save(path)

    names = [f"loss_{k}" for k in range(100)]
    with h5py.File(path, "r+") as file:
        file.update(dict.fromkeys(names, file["train_loss"]))
        file.attrs.create("metrics", np.bytes_(json.dumps(names)))
    with pytest.raises(FileError, match="100 metrics of shape"):
        store.load(path)


def test_groups_of_a_later_version_are_passed_over(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.create_group("later")["weight"] = np.ones(5)
        file.attrs["mood"] = "good"
    assert bits(store.load(path)) == bits(example())
