"""What is installed is what is in the folders, it starts fast, and everything that is said twice agrees."""

import ast
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import main
from landscape.version import __version__

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "vtk", "vtkmodules", "pyvista", "matplotlib", "scipy", "h5py", "numpy"}
COMMANDS = main.list_commands(click.Context(main))


@pytest.fixture(scope="module")
def setup() -> ConfigParser:
    """setup.cfg."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def requirements(setup: ConfigParser) -> set[str]:
    listed = setup["options"]["install_requires"] + setup["options.extras_require"]["test"]
    return {re.split(r"[<>=]", line)[0] for line in lines(listed)}


def heavy_modules_after(code: str) -> set[str]:
    """Which of the slow libraries a fresh interpreter has loaded after running some code."""
    program = f"{code}\nimport sys; print('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return HEAVY & set(done.stdout.rpartition("loaded:")[2].split())


def test_every_folder_of_the_library_is_packaged(setup: ConfigParser) -> None:
    homes = dict(re.split(r"\s*=\s*", line) for line in lines(setup["options"]["package_dir"]))
    folders = {file.parent for home in homes.values() for file in (ROOT / home).rglob("*.py")}
    folders |= {ROOT / homes["landscape_data"]}
    names = {ROOT / home: name for name, home in homes.items()}
    found = set()
    for folder in folders:
        root = next(root for root in names if folder.is_relative_to(root))
        found.add(".".join([names[root], *folder.relative_to(root).parts]))
    assert set(lines(setup["options"]["packages"])) == found


def test_the_bundled_data_is_packaged(setup: ConfigParser) -> None:
    for pattern in lines(setup["options.package_data"]["landscape_data"]):
        assert list((ROOT / "data").glob(pattern)), pattern


def test_the_version_is_written_in_one_place(setup: ConfigParser) -> None:
    assert setup["metadata"]["version"] == "attr: landscape.version.__version__"
    tree = ast.parse((ROOT / "landscape" / "version.py").read_text())
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    literals = [ast.literal_eval(node.value) for node in assigned if ast.unparse(node.targets[0]) == "__version__"]
    assert literals == [__version__], "setuptools reads it without importing only if it is a literal"
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == __version__


def test_every_requirement_is_pinned(setup: ConfigParser) -> None:
    pins = lines((ROOT / "constraints.txt").read_text())
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins if not pin.startswith("#"))
    assert requirements(setup) <= {pin.partition("==")[0] for pin in pins}


def test_importing_the_library_loads_nothing_slow() -> None:
    assert heavy_modules_after("import landscape") == set()


def test_help_loads_nothing_slow() -> None:
    asked = "from cli import main\ntry: main(['--help'], prog_name='landscape')\nexcept SystemExit: pass"
    assert heavy_modules_after(asked) == set()


def test_reading_a_file_and_drawing_load_no_torch() -> None:
    assert "torch" not in heavy_modules_after(
        "import landscape.files.surfaces, landscape.rendering.figure, landscape.measures.widths"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "-h"], prog_name="PROGRAM")
    assert shown.exit_code == 0
    assert f"  landscape {name}" in shown.output, "no example in the help"
    command = main.get_command(click.Context(main), name)
    assert command is not None
    silent = [option.name for option in command.params if isinstance(option, click.Option) and not option.help]
    assert silent == []


def test_every_command_is_listed_with_what_it_does() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w", shown.output, re.MULTILINE), name


def test_the_readme_and_the_checks_run_one_command() -> None:
    script = lines((ROOT / ".ci" / "run").read_text())
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    commands = {line.partition("#")[0].strip().removeprefix("$ ") for block in blocks for line in block.splitlines()}
    assert script[-1] == "make test"
    assert {"make test", "make figure"} <= commands
