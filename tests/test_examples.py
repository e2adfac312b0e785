"""The examples run as they stand, each in a folder of its own, and know nothing but the public face."""

import ast
import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from landscape.train.networks import NetworkConfig
from landscape.train.recipe import Recipe
from landscape.train.runs import RunConfig, ensure_run

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_imports_the_library_as_ls_and_nothing_from_inside(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    aliases = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    inner = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert [alias.asname for alias in aliases if alias.name.partition(".")[0] == "landscape"] == ["ls"]
    assert not [module for module in inner if module.partition(".")[0] in ("landscape", "cli")]


def test_the_quickstart_keeps_measures_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / "quickstart.py"), run_name="__main__")
    assert "half-width: " in capsys.readouterr().out
    assert (tmp_path / "quickstart.h5").stat().st_size > 10_000
    assert (tmp_path / "quickstart.png").stat().st_size > 10_000


def refuse_missing(package: str) -> None:
    """Skip where a package is missing, or torchvision is there for another torch, which breaks what finds it."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if importlib.util.find_spec("torchvision") is not None:
        done = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("the torchvision installed here does not fit its torch")


@pytest.mark.parametrize(
    ("package", "name", "printed"),
    [
        ("transformers", "transformer", "P = 29,632, "),
        ("peft", "lora", "P = 1,024 of adapters, bfloat16+float32, "),
        ("lightning", "lightning_module", "half-width: "),
        ("timm", "timm_resnet", "training loss "),
    ],
)
def test_models_of_other_libraries_are_sampled_and_drawn(package: str, name: str, printed: str, tmp_path: Path) -> None:
    refuse_missing(package)
    assert printed in run(f"{name}.py", tmp_path)
    assert (tmp_path / f"{name}.h5").stat().st_size > 5_000
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_the_pair_through_the_api_prints_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, width in (("narrow", 2), ("wide", 16)):
        recipe = Recipe(steps=60, checkpoints=7)
        config = RunConfig(NetworkConfig("mlp", width), {"name": "digits", "num_train": 150}, recipe, members=1)
        ensure_run(name, config, runs=tmp_path / "runs", progress=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LANDSCAPE_RUNS", raising=False)
    runpy.run_path(str(EXAMPLES / "tunnel_and_field.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed.count("half-width") == 2
    assert "narrow: mlp, width 2, P = 160, N = 150, K = 10 (critical)" in printed
    assert (tmp_path / "tunnel_and_field.png").stat().st_size > 10_000
