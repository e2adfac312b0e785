"""Small files in the formats that are published: written here, read by the code under test."""

import gzip
from pathlib import Path

import numpy as np


def idx_bytes(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(int(size).to_bytes(4, "big") for size in values.shape)
    return header + values.astype(np.uint8).tobytes()


def write(path: Path, content: bytes, *, packed: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def write_mnist(folder: Path, *, num_train=20, num_test=10, packed=False, side=(28, 28)) -> dict[str, np.ndarray]:
    """The four files, in MNIST's names; returns what they hold."""
    draw = np.random.default_rng(0)
    held = {}
    for prefix, count in (("train", num_train), ("t10k", num_test)):
        held[f"{prefix}-images-idx3-ubyte"] = draw.integers(0, 256, (count, *side), np.uint8)
        held[f"{prefix}-labels-idx1-ubyte"] = (np.arange(count) % 10).astype(np.uint8)
    for name, values in held.items():
        write(folder / (name + (".gz" if packed else "")), idx_bytes(values), packed=packed)
    return held


def write_cifar10(folder: Path, *, count=4, packed=False) -> dict[str, np.ndarray]:
    """The six batches; returns their records (count, 3073)."""
    draw = np.random.default_rng(0)
    held = {}
    for name in (*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"):
        records = draw.integers(0, 256, (count, 3073), np.uint8)
        records[:, 0] = np.arange(count) % 10
        held[name] = records
        write(folder / (name + (".gz" if packed else "")), records.tobytes(), packed=packed)
    return held


def write_table(path: Path, **arrays: np.ndarray) -> Path:
    np.savez_compressed(path, **arrays)
    return path
