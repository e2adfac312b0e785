"""Labelled examples, split and standardized: the bundled digits, MNIST, Fashion-MNIST, CIFAR-10, NumPy archives."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from landscape.errors import FileError, InputError
from landscape.train.readers import CHECKSUMS, CIFAR10_FILES, check_labels, find_files, read_cifar10, read_idx, read_npz

Labels: TypeAlias = Literal["true", "random", "noise"]
Inputs: TypeAlias = NDArray[np.float32]
Targets: TypeAlias = NDArray[np.int64]
_Part: TypeAlias = tuple[NDArray[Any], NDArray[Any]]

NAMES = ("digits", "mnist", "fashion-mnist", "cifar10")
TEST_SHARE = 0.2

_DIGITS_FILE = "digits.npz"
_DIGITS_CHECKSUM = "sha256:959eacf362328d5b99e84c9ff128d25298a81dd7eab3d9f8f8e2ccb132f3a5f6"
# Where torchvision's downloads leave the files.
_SUBFOLDERS = {
    "mnist": ("MNIST/raw",),
    "fashion-mnist": ("FashionMNIST/raw",),
    "cifar10": ("cifar-10-batches-bin",),
}
_BLOCK = 4096
# The same seed must not draw the split, the subset and the labels from one stream: they would be correlated.
_SPLIT, _SUBSET, _LABELS = range(3)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples as a network sees them. Arrays are in use by tensors that share their memory: do not write to them.

    Args:
        name: ``"digits"``, ``"mnist"``, ... or the file's name.
        x_train: standardized inputs, shape (N, C, H, W) for images, (N, features) for tables.
        y_train: class of each training example, 0 .. K-1, shape (N,).
        x_test: inputs, standardized by the training part.
        y_test: classes; never random or noisy.
        num_classes: K, outputs per example.
        labels: what the training labels are, ``"true"``, ``"random, seed 0"`` or ``"noise 0.2, seed 0"``.
        split: where training and test part come from.
        standardization: ``"per feature"`` or ``"per channel"``, by mean and standard deviation of the training part.
        checksum: ``"verified"``, ``"not checked"`` (asked for) or ``"none known"``, of the files.
    """

    name: str
    x_train: Inputs
    y_train: Targets
    x_test: Inputs
    y_test: Targets
    num_classes: int
    labels: str = "true"
    split: str = ""
    standardization: str = ""
    checksum: str = "none known"

    @property
    def N(self) -> int:  # noqa: N802
        """Number of training examples."""
        return len(self.y_train)

    @property
    def K(self) -> int:  # noqa: N802
        """Outputs per example: the number of classes."""
        return self.num_classes

    @property
    def in_shape(self) -> tuple[int, ...]:
        """Shape of one input: (C, H, W) or (features,)."""
        return self.x_train.shape[1:]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over shapes and bits of all four arrays and K."""
        digest = hashlib.sha256(f"K={self.num_classes}".encode())
        for values in (self.x_train, self.y_train, self.x_test, self.y_test):
            # little-endian, so that the digest does not depend on the machine
            plain = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
            digest.update(f";{plain.dtype.str}{plain.shape}".encode())
            digest.update(plain.data)
        return digest.hexdigest()


def load_dataset(
    name: str | PathLike[str],
    *,
    data_dir: str | PathLike[str] | None = None,
    labels: Labels = "true",
    noise: float = 0.0,
    label_seed: int = 0,
    num_train: int | None = None,
    seed: int = 0,
    checksum: bool = True,
) -> Dataset:
    """A data set from the package or from files on this machine; nothing is ever downloaded.

    Standardized with the mean and the standard deviation of the training part, before any subset is taken (so smaller
    subsets are rows of larger ones): per feature for the digits and for tables, per channel for other images, where
    scaling pixel by pixel would blow up those that are almost always off. What never varies in training has its mean
    taken away and is divided by 1.

    Args:
        name: ``"digits"`` (bundled), ``"mnist"``, ``"fashion-mnist"``, ``"cifar10"`` (files in ``data_dir``), or the
            path of an ``.npz`` archive with ``x`` (N, features) or (N, C, H, W) and integer ``y`` (N,); optionally
            ``x_test`` and ``y_test``, or a boolean ``test`` (N,) that marks the test rows, else 20 % drawn by ``seed``.
        data_dir: folder of the files; a relative ``.npz`` that is not found is looked for there as well.
        labels: ``"true"``; ``"random"``: each training label drawn uniformly from all classes (Zhang et al. 2017,
            arXiv 1611.03530, section 2.1); ``"noise"``: exactly round(noise * N) training labels, drawn without
            replacement, replaced by another class, drawn uniformly. Test labels are never touched.
        noise: fraction in [0, 1], for ``labels="noise"`` only.
        label_seed: of random and noisy labels.
        num_train: the first this many training examples in an order drawn by ``seed``; all by default, in file order.
        seed: of the split and of that order.
        checksum: ``False`` reads files that differ from the published ones (all other checks remain).

    Returns:
        Training and test examples, ``x`` of shape (N, features) or (N, C, H, W) and classes ``y`` (N,).

    Raises:
        InputError: if an option cannot be used.
        FileError: if files are missing, damaged, or not what they should be.
    """
    _check_options(labels, noise, label_seed, seed)
    raw = _read(str(name), None if data_dir is None else Path(data_dir), seed, checksum)
    x_train, x_test = standardize(raw.x_train, raw.x_test, per_channel=raw.per_channel)
    rows = _subset(len(x_train), num_train, seed)
    y_train = raw.y_train.astype(np.int64)[rows]
    return Dataset(
        name=raw.name,
        x_train=x_train[rows],
        y_train=relabel(y_train, raw.num_classes, labels, noise=noise, seed=label_seed),
        x_test=x_test,
        y_test=raw.y_test.astype(np.int64),
        num_classes=raw.num_classes,
        labels=_label_words(labels, noise, label_seed),
        split=raw.split + ("" if num_train is None else f"; {num_train} of {len(x_train)} by seed {seed}"),
        standardization="per channel" if raw.per_channel else "per feature",
        checksum=raw.checksum,
    )


def _label_words(labels: Labels, noise: float, seed: int) -> str:
    if labels == "true":
        return "true"
    return f"{labels}, seed {seed}" if labels == "random" else f"{labels} {noise:g}, seed {seed}"


def relabel(y: Targets, num_classes: int, labels: Labels, *, noise: float = 0.0, seed: int = 0) -> Targets:
    """Labels as asked for, in a new array: see `load_dataset`."""
    draw = np.random.default_rng([seed, _LABELS])
    if labels == "random":
        return draw.integers(num_classes, size=len(y))
    new = y.copy()
    if labels == "noise":
        rows = draw.permutation(len(y))[: round(noise * len(y))]
        new[rows] = (y[rows] + draw.integers(1, num_classes, size=len(rows))) % num_classes
    return new


def standardize(x_train: NDArray[Any], x_test: NDArray[Any], *, per_channel: bool) -> tuple[Inputs, Inputs]:
    """(x - mean) / deviation of the training part, per feature or per channel (axis 1), as float32.

    The moments are accumulated in float64, block by block; what never varies is divided by 1.
    """
    axes = (0, *range(2, x_train.ndim)) if per_channel else (0,)
    count = math.prod(x_train.shape[axis] for axis in axes)
    mean = np.asarray(sum(block.sum(axes, keepdims=True) for block in _blocks(x_train)) / count)
    variance = sum(np.square(block - mean).sum(axes, keepdims=True) for block in _blocks(x_train)) / count
    # not variance > 0 alone: the mean of a constant is rounded, so its variance need not be exactly 0
    varies = x_train.max(axes, keepdims=True) > x_train.min(axes, keepdims=True)
    mean = np.where(varies, mean, x_train[:1].max(axes, keepdims=True))
    scale = np.where(varies & (variance > 0), np.sqrt(variance), 1.0)
    return _rescale(x_train, mean, scale), _rescale(x_test, mean, scale)


def _blocks(x: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    return (x[start : start + _BLOCK].astype(np.float64) for start in range(0, len(x), _BLOCK))


def _rescale(x: NDArray[Any], mean: NDArray[Any], scale: NDArray[Any]) -> Inputs:
    values = np.empty(x.shape, np.float32)
    with np.errstate(over="ignore"):
        for start, block in enumerate(_blocks(x)):
            values[start * _BLOCK : (start + 1) * _BLOCK] = (block - mean) / scale
    if not np.all(np.isfinite(values)):
        raise InputError("inputs are not finite once standardized: a value lies beyond float32, in units of deviations")
    return values


@dataclass(frozen=True, eq=False)
class _Raw:
    """What the files hold, before anything is done to it."""

    name: str
    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    num_classes: int
    split: str
    per_channel: bool
    checksum: str

    def __post_init__(self) -> None:
        if len(self.y_train) < 2 or len(self.y_test) < 1:
            raise FileError(
                f"{self.name}: {len(self.y_train)} training and {len(self.y_test)} test examples; at least 2 and 1"
            )
        if self.x_train.shape[1:] != self.x_test.shape[1:] or 0 in self.x_train.shape:
            raise FileError(
                f"{self.name}: training inputs of shape {self.x_train.shape[1:]}, test inputs of shape "
                f"{self.x_test.shape[1:]}; expected one shape that is not empty"
            )
        if self.num_classes < 2 or np.all(self.y_train == self.y_train[0]):
            raise FileError(f"{self.name}: all training labels are {self.y_train[0]}; at least 2 classes are needed")


def _check_options(labels: str, noise: float, label_seed: int, seed: int) -> None:
    if labels not in get_args(Labels):
        raise InputError(f"unknown labels {labels!r}; expected {', '.join(get_args(Labels))}")
    if not 0 <= noise <= 1:
        raise InputError(f"noise must be a fraction from 0 to 1, got {noise}")
    if noise and labels != "noise":
        raise InputError(f"noise {noise} has no effect with labels {labels!r}; use labels 'noise'")
    if seed < 0 or label_seed < 0:
        raise InputError(f"seeds must not be negative, got seed {seed} and label_seed {label_seed}")


def _subset(available: int, num_train: int | None, seed: int) -> slice | NDArray[np.int64]:
    if num_train is None:
        return slice(None)
    if not 1 <= num_train <= available:
        raise InputError(f"num_train must be from 1 to {available}, got {num_train}")
    return np.random.default_rng([seed, _SUBSET]).permutation(available)[:num_train]


def _read(name: str, folder: Path | None, seed: int, checksum: bool) -> _Raw:
    if name == "digits":
        return _digits(checksum)
    if name in _SUBFOLDERS:
        if folder is None:
            raise InputError(
                f"{name} is read from files: say where they are (--data-dir, data_dir=): {', '.join(CHECKSUMS[name])}"
            )
        paths = find_files(folder, tuple(CHECKSUMS[name]), inside=_SUBFOLDERS[name])
        read = _cifar10 if name == "cifar10" else _idx
        (x_train, y_train), (x_test, y_test) = read(paths, CHECKSUMS[name] if checksum else {})
        how = "verified" if checksum else "not checked"
        return _Raw(name, x_train, y_train, x_test, y_test, 10, "as published", per_channel=True, checksum=how)
    if name.endswith(".npz"):
        path = Path(name)
        inside = folder / path if folder is not None else path
        return _table(inside if inside.is_file() and not path.is_file() else path, seed)
    raise InputError(f"unknown dataset {name!r}; expected {', '.join(NAMES)} or the path of an .npz file")


def _idx(paths: Mapping[str, Path], checksums: Mapping[str, str]) -> list[_Part]:
    parts = []
    for prefix in ("train", "t10k"):
        images_name, labels_name = f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"
        images = read_idx(paths[images_name], dims=3, checksum=checksums.get(images_name))
        labels = read_idx(paths[labels_name], dims=1, checksum=checksums.get(labels_name))
        if len(images) != len(labels):
            raise FileError(f"{paths[labels_name]}: {len(labels)} labels for {len(images)} images")
        check_labels(labels, 10, paths[labels_name])
        parts.append((images[:, None], labels))
    return parts


def _cifar10(paths: Mapping[str, Path], checksums: Mapping[str, str]) -> list[_Part]:
    *train, test = (read_cifar10(paths[name], checksum=checksums.get(name)) for name in CIFAR10_FILES)
    images, labels = zip(*train, strict=True)
    return [(np.concatenate(images), np.concatenate(labels)), test]


def _digits(checksum: bool) -> _Raw:
    raw = _table(_digits_path(), checksum=_DIGITS_CHECKSUM if checksum else None)
    return replace(
        raw,
        name="digits",
        x_train=raw.x_train.reshape(-1, 1, 8, 8),
        x_test=raw.x_test.reshape(-1, 1, 8, 8),
        split="fixed",
        checksum="verified" if checksum else "not checked",
    )


def _digits_path() -> Path:
    """The digits' file: of the checkout that this module lies in, or of the installed package.

    Not ``importlib.resources``: Python 3.11's refuses a package without ``__init__`` that is installed as editable.
    """
    spec = find_spec("landscape_data")
    folders = (spec.submodule_search_locations if spec else None) or ()
    places = [Path(__file__).resolve().parents[2] / "data", *map(Path, folders)]
    path = next((place / _DIGITS_FILE for place in places if (place / _DIGITS_FILE).is_file()), None)
    if path is None:
        raise FileError(f"no {_DIGITS_FILE} in {' or '.join(map(str, places))}; install the package again")
    return path


def _table(path: Path, seed: int = 0, *, checksum: str | None = None) -> _Raw:
    arrays = read_npz(path, checksum=checksum)
    x, y = _examples(arrays, "x", "y", path)
    if "x_test" in arrays or "y_test" in arrays:
        x_test, y_test = _examples(arrays, "x_test", "y_test", path)
        x_train, y_train, split = x, y, "given"
    else:
        test, split = _test_rows(arrays, len(y), seed, path)
        x_train, y_train, x_test, y_test = x[~test], y[~test], x[test], y[test]
    classes = np.unique(np.concatenate([y_train, y_test]))
    if not np.array_equal(classes, np.arange(len(classes))):
        names = ", ".join(map(str, classes[:8])) + (", ..." if len(classes) > 8 else "")
        raise FileError(f"{path}: labels must be 0, 1, ..., K-1 without a gap; found {names}; number the classes anew")
    return _Raw(
        path.name, x_train, y_train, x_test, y_test, len(classes), split, per_channel=x.ndim == 4, checksum="none known"
    )


def _test_rows(arrays: Mapping[str, NDArray[Any]], count: int, seed: int, path: Path) -> tuple[NDArray[np.bool_], str]:
    if "test" in arrays:
        test = arrays["test"]
        if test.dtype != np.bool_ or test.shape != (count,):
            raise FileError(f"{path}: test is {test.dtype} of shape {test.shape}; expected bool of shape ({count},)")
        return test, "given"
    test = np.zeros(count, np.bool_)
    test[np.random.default_rng([seed, _SPLIT]).permutation(count)[: round(TEST_SHARE * count)]] = True
    return test, f"{test.sum()} of {count} held out by seed {seed}"


def _examples(arrays: Mapping[str, NDArray[Any]], x_name: str, y_name: str, path: Path) -> _Part:
    if missing := [name for name in (x_name, y_name) if name not in arrays]:
        raise FileError(f"{path}: no {' and no '.join(missing)} in it; it holds {', '.join(arrays) or 'nothing'}")
    x, y = arrays[x_name], arrays[y_name]
    if x.dtype.kind not in "biuf" or x.ndim not in (2, 4):
        raise FileError(
            f"{path}: {x_name} is {x.dtype} of shape {x.shape}; expected real numbers (N, features) or (N, C, H, W)"
        )
    if y.dtype.kind not in "biu" or y.shape != x.shape[:1]:
        raise FileError(f"{path}: {y_name} is {y.dtype} of shape {y.shape}; expected integers of shape ({len(x)},)")
    # also false for NaN
    if x.dtype.kind == "f" and not np.all(np.abs(x) <= np.finfo(np.float32).max):
        raise FileError(f"{path}: {x_name} holds NaN, inf, or values beyond float32; remove or rescale those rows")
    return x, y
