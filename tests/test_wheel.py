"""The wheel is complete: a small program of a user's runs and passes a type checker in an environment of its own."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import torch
import landscape as ls

model = torch.nn.Linear(2, 2)
objective = ls.Objective(model.eval(), (torch.randn(8, 2), torch.randint(0, 2, (8,))))
surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=3, extent=1.0, rays=4, progress=False)
assert isinstance(surface, ls.Surface)
width: ls.HalfWidth = ls.half_width(surface)
mean: float = width.mean
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", *build], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    interpreter = folder / "env" / "bin" / "python"
    ask = [str(interpreter), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    (wheel,) = folder.glob("*.whl")
    install = ["pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", *install], check=True)
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return interpreter


def test_a_users_program_runs_from_the_wheel(python: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    where = "import landscape; print(landscape.__file__)"
    told = subprocess.run([str(python), "-I", "-c", where], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert str(ROOT / "landscape") not in told.stdout
    subprocess.run([str(python), "-I", "program.py"], check=True, cwd=tmp_path)


def test_a_users_program_is_type_checked_against_the_wheel(python: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "mistake.py").write_text(PROGRAM + "\nls.half_width(3)\n")
    check = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "--cache-dir", str(tmp_path)]
    good = subprocess.run([*check, "program.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert good.returncode == 0, good.stdout
    bad = subprocess.run([*check, "mistake.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "arg-type" in bad.stdout
