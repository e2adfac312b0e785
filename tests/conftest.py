"""What every test has in common: no network, no screen, a device and a precision."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import torch

os.environ["MPLBACKEND"] = "Agg"
# Programs started by a test find the library in the checkout, whether it is installed or not.
ROOT = str(Path(__file__).parents[1])
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # of torch and of programs started here; the cores are taken by other workers

# The same examples on every run, and no failure because a shared machine was slow.
settings.register_profile("landscape", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("landscape")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="where tests of tensors run: cpu (default), cuda, cuda:1, ...")
    parser.addoption("--dtype", default="float64", choices=["float32", "float64"], help="their precision")


@pytest.fixture
def device(request: pytest.FixtureRequest) -> "torch.device":
    """The device asked for with --device."""
    import torch

    chosen = torch.device(request.config.getoption("--device"))
    if chosen.type == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return chosen


@pytest.fixture
def dtype(request: pytest.FixtureRequest) -> "torch.dtype":
    """The precision asked for with --dtype."""
    import torch

    return {"float32": torch.float32, "float64": torch.float64}[request.config.getoption("--dtype")]


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """A test that connects to another machine fails; pipes and sockets on this one are fine."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield
