import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
from dataset_files import idx_bytes, write, write_cifar10, write_mnist, write_table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from landscape.errors import FileError, InputError
from landscape.train import datasets
from landscape.train.datasets import Dataset, load_dataset, relabel, standardize

REAL_MNIST = os.environ.get("LANDSCAPE_MNIST", "")
F32 = np.finfo(np.float32).eps


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def test_digits_have_the_stated_sizes(digits):
    assert (digits.N, len(digits.y_test), digits.K, digits.in_shape) == (1437, 360, 10, (1, 8, 8))
    assert (digits.x_train.dtype, digits.y_train.dtype) == (np.float32, np.int64)
    assert (digits.labels, digits.split, digits.standardization, digits.checksum) == (
        "true",
        "fixed",
        "per feature",
        "verified",
    )
    assert set(digits.y_train) == set(digits.y_test) == set(range(10))


def test_digits_are_standardized_by_the_training_part(digits):
    mean, deviation = digits.x_train.mean(0, np.float64), digits.x_train.std(0, dtype=np.float64)
    constant = deviation == 0
    assert constant.sum() == 3
    assert np.all(digits.x_train[:, constant] == 0)
    assert np.all(digits.x_test[:, constant] == 0)
    np.testing.assert_allclose(mean, 0, atol=F32)
    np.testing.assert_allclose(deviation[~constant], 1, atol=F32)
    assert np.abs(digits.x_test.mean(0)).max() > 0.01


def test_digits_of_a_bare_checkout_are_found(monkeypatch, digits):
    monkeypatch.setattr(datasets, "find_spec", lambda name: None)
    assert load_dataset("digits").digest == digits.digest


def test_digits_of_an_installed_package_are_found(monkeypatch, tmp_path, digits):
    (tmp_path / "digits.npz").write_bytes(datasets._digits_path().read_bytes())
    spec = ModuleSpec("landscape_data", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "not there"), str(tmp_path)]
    monkeypatch.setattr(datasets, "find_spec", lambda name: spec)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "site" / "landscape" / "train" / "datasets.py"))
    assert load_dataset("digits").digest == digits.digest
    (tmp_path / "digits.npz").unlink()
    with pytest.raises(FileError, match=r"no digits\.npz in .*; install the package again"):
        load_dataset("digits")


def test_loading_needs_neither_torch_nor_hdf5():
    code = (
        "import sys, landscape.train.datasets as d; d.load_dataset('digits'); print({'torch', 'h5py'} & {*sys.modules})"
    )
    root = Path(datasets.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_digest_depends_on_every_bit_and_on_nothing_else(digits):
    assert digits.digest == load_dataset("digits", seed=7).digest
    parts = {"x_train": digits.x_train, "y_train": digits.y_train, "x_test": digits.x_test, "y_test": digits.y_test}
    seen = {digits.digest, Dataset("digits", **parts, num_classes=11).digest}
    for name, values in parts.items():
        changed = values.copy()
        changed.reshape(-1).view(np.uint8)[-1] ^= 1
        seen.add(Dataset("digits", **(parts | {name: changed}), num_classes=10).digest)
    assert len(seen) == 6
    assert Dataset("other", **parts, num_classes=10).digest == digits.digest


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 1437), st.integers(1, 1437), st.integers(0, 5))
def test_smaller_subsets_are_the_first_rows_of_larger_ones(digits, a, b, seed):
    small, large = (load_dataset("digits", num_train=n, seed=seed) for n in sorted((a, b)))
    assert np.array_equal(large.x_train[: small.N], small.x_train)
    assert np.array_equal(large.y_train[: small.N], small.y_train)
    assert np.array_equal(small.x_test, digits.x_test)


def test_subsets_differ_by_seed_and_say_so():
    one, two = (load_dataset("digits", num_train=50, seed=seed) for seed in (0, 1))
    assert one.digest != two.digest
    assert one.split == "fixed; 50 of 1437 by seed 0"


@settings(deadline=None)
@given(st.integers(2, 12), st.integers(1, 200), st.floats(0, 1), st.integers(0, 2**32))
def test_noise_replaces_exactly_the_stated_fraction_by_other_classes(num_classes, count, noise, seed):
    y = np.arange(count, dtype=np.int64) % num_classes
    before = y.copy()
    noisy = relabel(y, num_classes, "noise", noise=noise, seed=seed)
    assert np.count_nonzero(noisy != y) == round(noise * count)
    assert noisy.dtype == np.int64
    assert noisy.min() >= 0
    assert noisy.max() < num_classes
    assert np.array_equal(y, before)


def test_noise_reaches_every_other_class_evenly():
    noisy = relabel(np.full(9000, 3), 10, "noise", noise=1.0)
    counts = np.bincount(noisy, minlength=10)
    assert counts[3] == 0
    # 9 classes, 1000 each, standard deviation 30: five of them
    assert np.all(np.abs(np.delete(counts, 3) - 1000) < 150)


def test_random_labels_are_uniform_and_independent_of_the_truth(digits):
    random = load_dataset("digits", labels="random")
    assert np.all(np.abs(np.bincount(random.y_train, minlength=10) - 143.7) < 60)
    assert abs(np.mean(random.y_train == digits.y_train) - 0.1) < 0.04
    assert np.array_equal(random.x_train, digits.x_train)


@pytest.mark.parametrize("asked", [{"labels": "random"}, {"labels": "noise", "noise": 0.3}])
def test_labels_change_by_their_seed_and_never_in_the_test_part(digits, asked):
    first, again, other = (load_dataset("digits", **asked, label_seed=seed) for seed in (0, 0, 1))
    assert first.digest == again.digest != other.digest
    assert np.array_equal(first.y_test, digits.y_test)
    assert first.labels == ("random, seed 0" if asked["labels"] == "random" else "noise 0.3, seed 0")


finite = st.integers(-1000, 1000) | st.floats(-1e6, 1e6, width=32)


@settings(deadline=None)
@given(arrays.arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(1, 4)), elements=finite))
def test_standardized_features_have_mean_0_and_deviation_1_or_are_0(x):
    z, _ = standardize(x, x, per_channel=False)
    constant = x.max(0) == x.min(0)
    assert np.all(z[:, constant] == 0)
    scale = np.maximum(np.abs(x).max(0), 1e-300) / np.where(constant, 1, np.maximum(x.std(0), 1e-300))
    # rounding of x itself is blown up by |x| / deviation; where that reaches 1, nothing is left to check
    bound = 50 * (F32 + np.finfo(float).eps * scale)
    kept = ~constant & (bound < 0.1)
    assert np.all(np.abs(z.mean(0, np.float64))[kept] <= bound[kept])
    assert np.all(np.abs(z.std(0, dtype=np.float64) - 1)[kept] <= bound[kept])


def test_moments_do_not_depend_on_the_blocks(monkeypatch):
    x = np.random.default_rng(0).integers(0, 256, (100, 3, 4, 4), np.uint8)
    whole, _ = standardize(x, x[:5], per_channel=True)
    monkeypatch.setattr(datasets, "_BLOCK", 7)
    blocks, test = standardize(x, x[:5], per_channel=True)
    np.testing.assert_allclose(blocks, whole, atol=4 * F32)
    assert np.array_equal(test, blocks[:5])


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("packed", [False, True])
def test_idx_folder_becomes_one_standardized_channel(tmp_path, name, packed):
    held = write_mnist(tmp_path, packed=packed)
    data = load_dataset(name, data_dir=tmp_path, checksum=False)
    raw = held["train-images-idx3-ubyte"].astype(np.float64)
    assert (data.name, data.N, len(data.y_test), data.K, data.in_shape) == (name, 20, 10, 10, (1, 28, 28))
    np.testing.assert_allclose(data.x_train[:, 0], (raw - raw.mean()) / raw.std(), atol=4 * F32)
    assert np.array_equal(data.y_train, held["train-labels-idx1-ubyte"])
    assert (data.standardization, data.checksum, data.split) == ("per channel", "not checked", "as published")


def test_cifar10_folder_becomes_three_standardized_channels(tmp_path):
    held = write_cifar10(tmp_path / "cifar-10-batches-bin")
    data = load_dataset("cifar10", data_dir=tmp_path, checksum=False)
    records = np.concatenate([held[f"data_batch_{k}.bin"] for k in range(1, 6)])
    raw = records[:, 1:].reshape(20, 3, 32, 32).astype(np.float64)
    expected = (raw - raw.mean((0, 2, 3), keepdims=True)) / raw.std((0, 2, 3), keepdims=True)
    np.testing.assert_allclose(data.x_train, expected, atol=4 * F32)
    assert np.array_equal(data.y_train, records[:, 0])
    assert np.array_equal(data.y_test, held["test_batch.bin"][:, 0])


@pytest.mark.parametrize(("name", "writer"), [("mnist", write_mnist), ("cifar10", write_cifar10)])
def test_files_that_are_not_the_published_ones_are_refused_by_default(tmp_path, name, writer):
    writer(tmp_path)
    with pytest.raises(FileError, match=r"not the published file; .* checksum=False"):
        load_dataset(name, data_dir=tmp_path)


def test_images_and_labels_must_be_as_many(tmp_path):
    write_mnist(tmp_path)
    write(tmp_path / "train-labels-idx1-ubyte", idx_bytes(np.zeros(19)))
    with pytest.raises(FileError, match="19 labels for 20 images"):
        load_dataset("mnist", data_dir=tmp_path, checksum=False)


def test_labels_beyond_nine_and_unequal_sides_are_refused(tmp_path):
    write_mnist(tmp_path)
    write(tmp_path / "t10k-labels-idx1-ubyte", idx_bytes(np.full(10, 10)))
    with pytest.raises(FileError, match="label 10 at row 0; expected 0 to 9"):
        load_dataset("mnist", data_dir=tmp_path, checksum=False)
    write_mnist(tmp_path)
    write(tmp_path / "t10k-images-idx3-ubyte", idx_bytes(np.zeros((10, 28, 27))))
    with pytest.raises(FileError, match="expected one shape"):
        load_dataset("mnist", data_dir=tmp_path, checksum=False)


@pytest.mark.parametrize(("num_train", "num_test"), [(0, 10), (1, 10), (20, 0)])
def test_too_few_examples_are_refused(tmp_path, num_train, num_test):
    write_mnist(tmp_path, num_train=num_train, num_test=num_test)
    with pytest.raises(FileError, match=f"{num_train} training and {num_test} test examples; at least 2 and 1"):
        load_dataset("mnist", data_dir=tmp_path, checksum=False)


def test_missing_folder_and_files_say_what_was_expected(tmp_path):
    with pytest.raises(InputError, match=r"mnist is read from files.*train-images-idx3-ubyte"):
        load_dataset("mnist")
    with pytest.raises(FileError, match="no folder"):
        load_dataset("cifar10", data_dir=tmp_path / "nowhere")
    with pytest.raises(FileError, match=r"not found in .*data_batch_1.bin.*test_batch.bin"):
        load_dataset("cifar10", data_dir=tmp_path)


@pytest.mark.skipif(not REAL_MNIST, reason="LANDSCAPE_MNIST names no folder with the four files of MNIST")
def test_real_mnist_reads():
    data = load_dataset("mnist", data_dir=REAL_MNIST)
    assert (data.N, len(data.y_test), data.K, data.in_shape) == (60_000, 10_000, 10, (1, 28, 28))
    assert data.checksum == "verified"
    assert np.bincount(data.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert abs(data.x_train.mean(dtype=np.float64)) < 1e-6
    assert abs(data.x_train.std(dtype=np.float64) - 1) < 1e-6


def table(**changes):
    draw = np.random.default_rng(0)
    return {"x": draw.normal(size=(20, 3)), "y": np.arange(20) % 4} | changes


def test_npz_table_is_split_by_seed(tmp_path):
    path = write_table(tmp_path / "t.npz", **table())
    one, again, other = (load_dataset(path, seed=seed) for seed in (0, 0, 1))
    assert (one.name, one.N, len(one.y_test), one.K, one.in_shape) == ("t.npz", 16, 4, 4, (3,))
    assert one.digest == again.digest != other.digest
    assert one.split == "4 of 20 held out by seed 0"
    assert one.checksum == "none known"


def test_npz_split_that_is_given_is_kept(tmp_path):
    mask = np.arange(20) >= 15
    marked = load_dataset(write_table(tmp_path / "a.npz", **table(test=mask)))
    held = table()
    parts = {"x": held["x"][~mask], "y": held["y"][~mask], "x_test": held["x"][mask], "y_test": held["y"][mask]}
    parted = load_dataset(write_table(tmp_path / "b.npz", **parts))
    assert marked.digest == parted.digest
    assert marked.split == parted.split == "given"


def test_npz_images_are_standardized_per_channel(tmp_path):
    path = write_table(tmp_path / "t.npz", **table(x=np.random.default_rng(0).normal(3, 2, (20, 2, 5, 4))))
    data = load_dataset(path)
    assert (data.in_shape, data.standardization) == ((2, 5, 4), "per channel")
    np.testing.assert_allclose(data.x_train.mean((0, 2, 3), np.float64), 0, atol=F32)


def test_npz_is_also_looked_for_in_the_data_folder(tmp_path):
    write_table(tmp_path / "t.npz", **table())
    assert load_dataset("t.npz", data_dir=tmp_path).N == 16
    with pytest.raises(FileError, match=r"no\.npz: No such file"):
        load_dataset("no.npz", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"a": np.eye(2)}, "no x and no y in it; it holds a"),
        (table(x_test=np.ones((2, 3))), "no y_test in it"),
        (table(x=np.array([["a"] * 3] * 20)), "x is <U1 of shape"),
        (table(x=np.ones((20, 3), complex)), "expected real numbers"),
        (table(x=np.ones((20, 4, 4))), r"expected real numbers \(N, features\) or \(N, C, H, W\)"),
        (table(x=np.ones((20, 0))), "expected one shape that is not empty"),
        (table(y=np.arange(20) / 2), "y is float64"),
        (table(y=np.arange(19)), r"y is int64 of shape \(19,\); expected integers of shape \(20,\)"),
        (table(y=np.arange(20) % 4 + 1), "without a gap; found 1, 2, 3, 4"),
        (table(y=np.arange(20) % 4 * 2), "found 0, 2, 4, 6"),
        (table(y=np.arange(20) % 4 - 1), "found -1, 0"),
        (table(y=np.zeros(20, int)), "all training labels are 0"),
        (table(x=np.where(np.eye(20, 3), np.nan, 1)), "holds NaN, inf"),
        (table(x=np.where(np.eye(20, 3), np.inf, 1)), "holds NaN, inf"),
        (table(x=np.where(np.eye(20, 3), 1e300, 1)), "values beyond float32"),
        (table(x=np.ones((2, 3)), y=np.arange(2)), "2 training and 0 test examples"),
        (table(test=np.ones(20)), "test is float64"),
        (table(test=np.ones(20, bool)), "0 training and 20 test"),
    ],
)
def test_npz_that_cannot_be_used_is_refused_in_one_line(tmp_path, held, message):
    with pytest.raises(FileError, match=message) as refused:
        load_dataset(write_table(tmp_path / "t.npz", **held))
    assert "t.npz" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_variance_that_underflows_does_not_divide_by_zero():
    x = np.array([[1e-200], [2e-200]])
    assert np.array_equal(standardize(x, x, per_channel=False)[0], np.zeros((2, 1)))


def test_a_test_value_that_overflows_is_refused(tmp_path):
    held = {
        "x": np.array([[0.0], [1e-20]]),
        "y": np.arange(2),
        "x_test": np.array([[1e38]]),
        "y_test": np.zeros(1, int),
    }
    with pytest.raises(InputError, match="not finite once standardized"):
        load_dataset(write_table(tmp_path / "t.npz", **held))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"labels": "wrong"}, "unknown labels 'wrong'; expected true, random, noise"),
        ({"labels": "noise", "noise": 1.5}, "fraction from 0 to 1"),
        ({"labels": "noise", "noise": float("nan")}, "fraction from 0 to 1"),
        ({"noise": 0.2}, "no effect with labels 'true'"),
        ({"num_train": 0}, "from 1 to 1437"),
        ({"num_train": 1438}, "from 1 to 1437"),
        ({"seed": -1}, "seeds must not be negative"),
    ],
)
def test_options_that_cannot_be_used_are_refused(asked, message):
    with pytest.raises(InputError, match=message):
        load_dataset("digits", **asked)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"unknown dataset 'imagenet'; expected digits, mnist.*\.npz"):
        load_dataset("imagenet")
