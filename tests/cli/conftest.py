"""Folders in which commands run: one with a small trained run, one with a user's own model."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell import GRID, TRAIN, output_of

MODULE = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))

def data():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(40, 4, generator=generator), torch.randint(0, 3, (40,), generator=generator)

def both():
    x, y = data()
    return (x[:30], y[:30]), (x[30:], y[30:])

def options():
    return {"data": data(), "loss": nn.functional.cross_entropy, "terms": {"l2": lambda p: p["0.weight"].norm()}}

def shuffled():
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data()), batch_size=7, shuffle=True)

def wrong():
    return {"data": data(), "losss": 3}

def broken():
    raise KeyError("three\\nlines")

seven = 7
def returns_seven():
    return 7
def nothing():
    return None
model = make()
"""


@pytest.fixture(scope="session")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        output_of(*TRAIN, "--quiet")
        output_of("sample", "--model", "mlp-3", "-o", "plane.h5", *GRID)
        output_of("sample", "--model", "mlp-3:1", "--view", "corridor", "-o", "corridor.h5", *GRID)
    return folder


@pytest.fixture
def work(_trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: it holds a trained run ``mlp-3``, its plane and its corridor."""
    monkeypatch.chdir(_trained)
    return _trained


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder: it holds a user's module ``own_nets``; only the command puts it on the path of imports."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "own_nets.py").write_text(MODULE)
    (tmp_path / "own_failing.py").write_text("import no_such_package")
    yield tmp_path
    for name in ("own_nets", "own_failing"):
        sys.modules.pop(name, None)
