"""The file format: exact, open to other programs, and suspicious of everything it reads."""

import errno
import json
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landscape import store
from landscape.errors import FileError, InputError
from landscape.records import Axis, FloatArray, Profile, Provenance, Rays, Surface, Trajectory

SUBSPACE = {"kind": "plane", "seed": 3, "extent": 1.5, "normalize": True, "ignored": "biases"}
PROVENANCE = Provenance(
    model="wide:0",
    P=38410,
    N=1437,
    K=10,
    regime="over",
    loss="cross_entropy",
    subspace=SUBSPACE,
    versions={"torch": "2.13.0"},
    precision_error=1e-7,
    command="landscape sample --model wide -o 'größe.h5'",
    wall_time=3.25,
)


def any_floats(*shape: int) -> st.SearchStrategy[FloatArray]:
    """Every bit pattern a float64 can have: payloads of NaN, infinities, -0.0, denormals."""
    return arrays(np.uint64, shape).map(lambda bits: bits.view(np.float64))


def axis(name: str, points: int) -> Axis:
    return Axis(name, np.linspace(-1, 2, points), label=f"direction {name}")


@st.composite
def surfaces(draw: st.DrawFn) -> Surface:
    n, m, k, r = (draw(st.integers(1, 5)) for _ in range(4))
    path = Trajectory(*(draw(any_floats(k)) for _ in range(5)), explained=draw(st.floats(0, 1)))
    rays = Rays(np.arange(r), draw(any_floats(k, r)), draw(any_floats(k)), seed=draw(st.integers(0, 2**62)))
    return Surface(
        (Axis("alpha", np.arange(n), "step", "training step", "log1p"), axis("beta", m)),
        {name: draw(any_floats(n, m)) for name in draw(st.permutations(["train_loss", "test_loss", "test_accuracy"]))},
        draw(arrays(np.uint8, (n, m), elements=st.integers(0, 2))),
        draw(any_floats(n, m)),
        PROVENANCE,
        draw(st.sampled_from([None, path])),
        draw(st.sampled_from([None, rays])),
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    n = draw(st.integers(1, 9))
    status = draw(arrays(np.uint8, n, elements=st.integers(0, 2)))
    return Profile((axis("alpha", n),), {"train_loss": draw(any_floats(n))}, status, draw(any_floats(n)), PROVENANCE)


def bits(record: Any) -> Any:
    """Everything a record holds, arrays as bytes, so that NaN equals NaN and 0.0 differs from -0.0."""
    if isinstance(record, float):
        return record.hex()
    if isinstance(record, np.ndarray):
        return record.dtype.str, record.shape, record.tobytes()
    if hasattr(record, "items"):
        return [(name, bits(value)) for name, value in record.items()]
    if isinstance(record, tuple):
        return [bits(entry) for entry in record]
    if hasattr(record, "__dataclass_fields__"):
        return type(record), [(entry.name, bits(getattr(record, entry.name))) for entry in fields(record)]
    return record


def example(n: int = 4, m: int = 3) -> Surface:
    rng = np.random.default_rng(0)
    return Surface(
        (axis("alpha", n), axis("beta", m)),
        {"train_loss": rng.normal(size=(n, m)), "test_accuracy": rng.uniform(size=(n, m))},
        np.arange(n * m).reshape(n, m) % 3,
        rng.uniform(size=(n, m)),
        PROVENANCE,
        Trajectory(*rng.normal(size=(5, 6)), explained=0.25),
        Rays(np.arange(5), rng.normal(size=(8, 5)), rng.uniform(size=8), seed=11),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example in a file of its own."""
    example().save(tmp_path / "wide.h5")
    return tmp_path / "wide.h5"


def refusal(path: Path) -> str:
    """The one line with which `load` and `summarize` both refuse a file."""
    with pytest.raises(FileError) as refused:
        store.load(path)
    with pytest.raises(FileError) as summary_refused:
        store.summarize(path)
    line = str(refused.value)
    assert str(path) in line
    assert "\n" not in line
    assert str(path) in str(summary_refused.value)
    return line


# Exactness


@given(record=st.one_of(surfaces(), profiles()))
def test_a_round_trip_keeps_every_bit(record: Surface | Profile, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("store") / "record.h5"
    record.save(path)
    assert bits(store.load(path)) == bits(record)


def test_the_same_record_gives_the_same_bytes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    monkeypatch.setattr("time.time", lambda: 2e9)
    store.load(path).save(path)
    assert path.read_bytes() == before


def test_long_provenance_is_kept(tmp_path: Path) -> None:
    names = ",".join(f"layers.{k}.norm.weight" for k in range(10_000))
    provenance = Provenance(subspace={"ignored": names}, command="x" * 100_000)
    Profile((axis("alpha", 2),), {}, np.ones(2), np.zeros(2), provenance).save(tmp_path / "long.h5")
    assert bits(store.load(tmp_path / "long.h5").provenance) == bits(provenance)


def test_numbers_of_numpy_and_names_that_are_not_text_are_stored(tmp_path: Path) -> None:
    provenance = Provenance(P=np.int64(7), wall_time=3, subspace={"seed": np.int64(2)}, command="a\udce9 b\0")
    Profile((axis("alpha", 2),), {}, np.ones(2), np.zeros(2), provenance).save(tmp_path / "odd.h5")
    found = store.load(tmp_path / "odd.h5").provenance
    assert (found.P, found.wall_time, found.subspace) == (7, 3.0, {"seed": 2})
    assert found.command == r"a\udce9 b\0"


# Other programs


def test_plain_h5py_sees_the_schema(path: Path) -> None:
    record = example()
    with h5py.File(path, "r") as file:
        assert dict(file.attrs)["format"] == b"landscape"
        assert file.attrs["schema"] == 1
        assert file.attrs["P"] == 38410
        assert set(file) == {
            "alpha", "beta", "train_loss", "test_accuracy", "status", "error", "trajectory", "rays",
        }  # fmt: skip
        assert file["train_loss"].dims[0][0] == file["alpha"]
        assert file["train_loss"].dims[1][0] == file["beta"]
        assert file["train_loss"].attrs["units"] == b"nats per example"
        assert file["test_accuracy"].attrs["units"] == b"fraction"
        np.testing.assert_array_equal(file["train_loss"], record.loss)
        np.testing.assert_array_equal(file["alpha"], record.alpha.values)


@pytest.mark.parametrize("decode", [True, False])
def test_xarray_opens_the_file_as_it_is(path: Path, decode: bool) -> None:
    xarray = pytest.importorskip("xarray")
    record = example()
    with xarray.open_dataset(path, engine="h5netcdf", decode_cf=decode) as dataset:
        assert dataset["train_loss"].dims == ("alpha", "beta")
        assert dataset["alpha"].attrs["units"] == "filter norm"
        assert dataset.attrs["model"] == "wide:0"
        for name, values in record.metrics.items():
            np.testing.assert_array_equal(dataset[name], values)
        np.testing.assert_array_equal(dataset["status"], record.status)
        np.testing.assert_array_equal(dataset["beta"], record.beta.values)
    with xarray.open_dataset(path, group="rays", engine="h5netcdf") as rays:
        assert rays["loss"].dims == ("direction", "radius")
    with xarray.open_dataset(path, group="trajectory", engine="h5netcdf") as trajectory:
        assert trajectory["loss"].dims == ("step",)


def test_summarize_counts_without_reading_the_metrics(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    original = store.read
    monkeypatch.setattr(store, "read", lambda group, name, *rest: read.append(name) or original(group, name, *rest))
    found = store.summarize(path)
    assert read == ["alpha", "beta", "status"]
    assert found["record"] == "surface"
    assert found["shape"] == [4, 3]
    assert found["axes"]["alpha"] == [-1.0, 2.0]
    assert found["metrics"] == ["train_loss", "test_accuracy"]
    assert found["status"] == {"pending": 4, "measured": 4, "interpolated": 4}
    assert found["trajectory"]
    assert found["rays"]
    assert found["provenance"] == PROVENANCE.to_dict()


def test_a_loss_of_squares_is_not_counted_in_nats() -> None:
    assert store.unit_of("test_loss", "mse") == "squared error per example"
    assert store.unit_of("error", "cross_entropy") == "nats per example"
    assert store.unit_of("something") == "1"


# Writing


def test_a_metric_must_not_take_a_name_of_the_schema(tmp_path: Path) -> None:
    for name in ("status", "alpha", "rays", "a/b", "", "."):
        record = Profile((axis("alpha", 2),), {name: np.zeros(2)}, np.ones(2), np.zeros(2))
        with pytest.raises(InputError, match="cannot name a metric"):
            record.save(tmp_path / "odd.h5")
    assert list(tmp_path.iterdir()) == []


def test_what_hdf5_cannot_hold_is_an_input_error(tmp_path: Path) -> None:
    provenance = Provenance(P=2**70)
    with pytest.raises(InputError, match="P cannot be stored"):
        Profile((axis("alpha", 2),), {}, np.ones(2), np.zeros(2), provenance).save(tmp_path / "odd.h5")
    with pytest.raises(InputError, match="expected 'alpha'"):
        Profile((axis("gamma", 2),), {}, np.ones(2), np.zeros(2)).save(tmp_path / "odd.h5")


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


def test_links_are_followed_and_permissions_are_those_of_a_new_file(path: Path) -> None:
    link, plain = path.with_name("link.h5"), path.with_name("plain")
    link.symlink_to(path.name)
    example(2, 2).save(link)
    plain.touch()
    assert link.is_symlink()
    assert store.load(path).loss.shape == (2, 2)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


# Reading what should not be trusted


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
