"""Figures: points stand where the arrays say, every format comes out, and nothing hostile crashes the process."""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import surface_of
from problems import bowl, regression_surface, tunnel

import landscape
from landscape.errors import DisplayError, InputError
from landscape.rendering.geometry.backend import find_backend

VTK = pytest.mark.skipif(find_backend().name != "vtk", reason="no OpenGL library answers here")


def hostile() -> dict[str, Any]:
    a = np.linspace(-1, 1, 7)
    q = a[:, None] ** 2 + 2 * a[None] ** 2
    inf, hole = q.copy(), q.copy()
    inf[2, 3], hole[3, 3] = np.inf, np.nan
    return {
        "all NaN": np.full((4, 4), np.nan),
        "all inf": np.full((4, 4), np.inf),
        "one inf": inf,
        "hole in the middle": hole,
        "constant": np.full((4, 4), 3.0),
        "zero": np.zeros((4, 4)),
        "2 x 2": [[1.0, 2.0], [3.0, 5.0]],
        "1 x 5": np.ones((1, 5)),
        "60 decades": 10.0 ** np.linspace(-30, 30, 49).reshape(7, 7),
        "negative": q - 5,
        "huge": q * 1e300,
        "no whole square": np.where(np.add.outer(np.arange(6), np.arange(6)) % 2, np.nan, 1.0),
    }


@pytest.mark.parametrize("name", hostile())
@pytest.mark.parametrize("view", ["surface", "polygons", "contour"])
def test_hostile_values_give_a_picture_or_one_line(tmp_path: Path, name: str, view: str) -> None:
    options: dict[str, Any] = {"draw": "contour" if view == "contour" else "surface"}
    options |= {"backend": "matplotlib"} if view == "polygons" else {}
    target = tmp_path / "a.png"
    surface = surface_of(hostile()[name])
    if name in ("all NaN", "all inf", "1 x 5"):
        with pytest.raises(DisplayError, match=r"^[^\n]+$"):
            landscape.render(surface, target, dpi=40, **options)
        assert not list(tmp_path.iterdir())
    else:
        landscape.render(surface, target, dpi=40, **options)
        assert target.stat().st_size > 2000


@VTK
@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_surfaces_come_out_in_every_format(tmp_path: Path, suffix: str) -> None:
    drawn = landscape.render([tunnel(), tunnel()], tmp_path / f"pair{suffix}", dpi=60)
    assert drawn.backend == "vtk"
    assert drawn.path.stat().st_size > 5000


def test_without_opengl_every_format_comes_out_with_advice(tmp_path: Path) -> None:
    """The probe fails in a process of its own, which must not touch OpenGL afterwards."""
    record = tmp_path / "record.h5"
    tunnel().save(record)
    program = (
        "import landscape as ls, sys, landscape.rendering.geometry.backend as b\n"
        "b._PROBE = 'raise SystemExit(11)'; s = ls.load(sys.argv[1])\n"
        "for k in ('png', 'pdf', 'svg'):\n    print(*ls.render(s, f'{sys.argv[2]}/a.{k}', dpi=60).messages)\n"
        "assert 'vtkmodules.vtkRenderingOpenGL2' not in sys.modules"
    )
    command = [sys.executable, "-c", program, str(record), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.count("apt-get install libosmesa6") == 3
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".h5", ".pdf", ".png", ".svg"]


@VTK
def test_a_pair_is_drawn_in_under_six_seconds_of_processor_time(tmp_path: Path) -> None:
    start = time.process_time()
    drawn = landscape.render([tunnel(), tunnel()], tmp_path / "pair.pdf", width="text")
    assert time.process_time() - start < 6
    assert drawn.path.stat().st_size < 2e6


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"theme": "neon"}, "unknown theme"),
        ({"font": "No Such Font"}, "is installed here"),
        ({"ranges": "none"}, "expected shared or free"),
        ({"draw": "top"}, "cannot draw as 'top'; expected one of auto, surface"),
        ({"columns": 0}, "1 to 12 columns"),
        ({"width": "1in"}, "too narrow"),
        ({"ceiling": float("nan")}, "a finite number"),
        ({"sublevel": float("nan")}, "a rise above 0"),
        ({"font": "serif.otf"}, "by its family"),
        ({"scale": "cubic"}, "unknown scale"),
        ({"color": "curvature"}, "no curvature in this record"),
    ],
)
def test_a_wrong_option_is_one_clear_line(tmp_path: Path, options: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError, match=line):
        landscape.render([bowl(), bowl()], tmp_path / "a.png", **options)
    assert not list(tmp_path.iterdir())


def test_panels_of_free_ranges_have_their_own(tmp_path: Path) -> None:
    low, high = surface_of(bowl().loss), surface_of(10 + bowl().loss, "corridor")
    with pytest.raises(InputError, match="free ranges"):
        landscape.render([low, high], tmp_path / "a.png")
    drawn = landscape.render([low, high], tmp_path / "a.png", ranges="free", backend="matplotlib", dpi=40)
    assert "a range of their own" in drawn.caption


@pytest.mark.parametrize("draw", ["surface", "contour", "profile", "barcode"])
def test_a_picture_of_a_squared_error_speaks_of_no_nats(tmp_path: Path, draw: Any) -> None:
    picture = tmp_path / "a.svg"
    drawn = landscape.render(regression_surface(), picture, draw=draw)
    text = re.sub('base64,[^"]*', "", picture.read_text())  # any three letters stand somewhere in a picture's bytes
    assert "nat" not in text
    assert "squared error" in text
    assert not re.search(r"\bnats?\b", drawn.caption)
    assert "squared error" in drawn.caption
    if draw == "surface":
        assert "Shaded: loss at most 0.02 squared error above the centre's" in drawn.caption


def test_panels_of_different_losses_are_shaded_each_up_to_its_own_rise(tmp_path: Path) -> None:
    drawn = landscape.render([bowl(), regression_surface()], tmp_path / "a.svg", ranges="free")
    levels = "loss at most 0.5 nat above the centre's in (a), 0.02 squared error above the centre's in (b)"
    assert levels in drawn.caption
    for nothing in (None, 0.0):
        assert "Shaded" not in landscape.render(bowl(), tmp_path / "b.svg", sublevel=nothing).caption
