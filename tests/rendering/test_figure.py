"""Figures: points stand where the arrays say, every format comes out, and nothing hostile crashes the process."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from problems import bowl, tunnel

import landscape
from landscape.errors import DisplayError, InputError
from landscape.records.base import Axis
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import parse_recipe
from landscape.records.sampled import Surface
from landscape.rendering.facts.notes import small_print
from landscape.rendering.geometry.backend import find_backend
from landscape.rendering.geometry.camera import Box
from landscape.rendering.geometry.panel import Panel, panels_of
from landscape.rendering.geometry.style import colors_of, theme_of
from landscape.rendering.geometry.viewpoint import PLANE, viewpoint, visible_points
from landscape.rendering.views import contour
from landscape.rendering.views.layout import inches
from landscape.rendering.views.raster import mesh_of

VTK = pytest.mark.skipif(find_backend().name != "vtk", reason="no OpenGL library answers here")


def surface_of(loss: Any, kind: str = "plane", **made: Any) -> Surface:
    values = np.asarray(loss, dtype=np.float64)
    axes = tuple(
        Axis(name, np.linspace(-1, 1, size)) for name, size in zip(("alpha", "beta"), values.shape, strict=True)
    )
    provenance = Provenance(Identity(subspace=parse_recipe({"kind": kind}), model="net:0", **made))
    return Surface(axes, {"train_loss": values}, np.ones(values.shape, np.uint8), np.zeros(values.shape), provenance)


def panel_of(surface: Surface, **options: Any) -> Panel:
    return panels_of([surface], "train_loss", Box(), ["one"], **options)[0]


def test_mesh_points_are_the_arrays_exactly() -> None:
    panel = panel_of(surface_of(np.random.default_rng(0).random((5, 7))))
    mesh = mesh_of(panel.scene())
    expected = {(x, y, z) for x, row in zip(panel.x, panel.z, strict=True) for y, z in zip(panel.y, row, strict=True)}
    # a mesh stores single precision where its points were given so; these were not
    assert {tuple(point) for point in mesh.points.astype(np.float64)} == expected


def test_heights_on_the_axis_are_the_losses() -> None:
    panel = panel_of(surface_of([[0.0, 1.0], [2.0, 4.0]]), scale="linear")
    shares = (panel.z - panel.box.bottom) / (panel.box.top - panel.box.bottom)
    assert np.allclose(shares * (panel.heights.high - panel.heights.low) + panel.heights.low, [[0, 1], [2, 4]])
    assert (panel.x.tolist(), panel.y.tolist()) == ([-1, 1], [-1, 1])


def test_a_hole_takes_its_cells_and_no_others() -> None:
    loss = np.add.outer(np.arange(5.0), np.arange(6.0))
    loss[2, 3] = np.nan
    mesh = mesh_of(panel_of(surface_of(loss)).scene())
    assert mesh.n_cells == 2 * (4 * 5 - 4)
    assert mesh.n_points == 5 * 6 - 1


def test_the_ceiling_cuts_along_its_exact_contour() -> None:
    mesh = mesh_of(panel_of(bowl(), ceiling=1.0).scene())
    assert mesh.points[:, 2].max() == pytest.approx(Box().top, abs=1e-6)


def test_the_dimension_line_spans_the_walls() -> None:
    panel = panel_of(tunnel(), sublevel=0.5)
    dimension = panel.dimension
    assert dimension is not None
    assert (dimension.alpha, dimension.bounded) == (1.0, True)
    assert (dimension.low, dimension.high) == (pytest.approx(-0.25, abs=2e-3), pytest.approx(0.25, abs=2e-3))
    excess = panel.excess()
    assert excess is not None
    beta, step = panel.beta[None, :], panel.alpha[:, None]
    assert np.allclose(excess, 0.5 * (4 * beta / (2 - step)) ** 2 - 0.5, atol=1e-12)


def test_a_map_puts_values_where_they_belong() -> None:
    """Marks the pixel under a known grid point: a small low at (alpha, beta) = (0.5, -0.5)."""
    axis = np.linspace(-1, 1, 41)
    loss = (axis[:, None] - 0.5) ** 2 + (axis[None, :] + 0.5) ** 2
    theme, colors = theme_of("paper"), colors_of("gray")
    with mpl.rc_context(theme.settings()):
        figure = Figure(figsize=(2, 2), dpi=100)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        contour.draw_map(axes, panel_of(surface_of(loss), scale="linear"), colors, theme)
        for artist in (*axes.lines, *axes.texts):
            artist.remove()
        figure.canvas.draw()
        grey = np.asarray(figure.canvas.buffer_rgba())[..., :3].mean(axis=2)  # type: ignore[attr-defined]
    patches = {(x, y): grey[y - 3 : y + 4, x - 3 : x + 4].mean() for x in (50, 150) for y in (50, 150)}
    assert min(patches, key=lambda place: patches[place]) == (150, 150)  # right of the middle, below it


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


def test_many_points_are_thinned_and_the_picture_says_so() -> None:
    side = np.linspace(-1, 1, 2000)
    panel = panel_of(surface_of(np.add.outer(side**2, side**2)))
    assert (panel.stride, panel.z.shape) == (2, (1000, 1000))


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


def test_the_camera_climbs_until_no_rim_hides_the_minimum() -> None:
    deep = panel_of(surface_of(5 * bowl(points=41).loss))
    marker = deep.marker()
    assert marker is not None
    low = replace(PLANE, elevation=20.0)
    assert not visible_points(deep, low, marker[None])[0]
    assert visible_points(deep, viewpoint([deep]), marker[None])[0]
    flat = panel_of(surface_of(np.zeros((9, 9))))
    assert viewpoint([flat]) == PLANE


def test_one_camera_serves_all_panels_and_angles_can_be_given() -> None:
    panel = panel_of(bowl())
    given = viewpoint([panel, panel], azimuth=-20, elevation=50)
    assert (given.azimuth, given.elevation) == (-20, 50)
    with pytest.raises(InputError, match="unknown camera"):
        viewpoint([panel], "behind")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="between 5 and 85"):
        viewpoint([panel], elevation=90)


@pytest.mark.parametrize("name", ["jet", "hsv", "coolwarm", "tab10", "twilight"])
def test_colour_maps_that_mislead_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="lightness goes one way"):
        colors_of(name)


@pytest.mark.parametrize("name", ["viridis", "cividis", "magma", "inferno", "plasma", "gray", "viridis_r"])
def test_uniform_colour_maps_are_taken(name: str) -> None:
    assert colors_of(name).name == name


def test_widths_of_papers() -> None:
    assert [inches(width) for width in ("column", "text", "6.75in", 5, "254mm")] == [3.375, 6.75, 6.75, 5.0, 10.0]
    for wrong in ("wide", "-3in", "100in"):
        with pytest.raises(InputError, match="width of a figure"):
            inches(wrong)


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
        ({"sublevel": float("nan")}, "above 0 nats"),
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


def test_points_without_the_colour_are_said() -> None:
    surface = bowl(points=5)
    colour = np.full((5, 5), np.nan)
    colour[2, 2], colour[0, 0] = 1.0, 2.0
    both = replace(surface, metrics={**surface.metrics, "hessian_trace": colour})
    lines = small_print(panels_of([both], "train_loss", Box(), ["one"], color="hessian_trace")[0])
    said = next(line for line in lines if line.startswith("grey: Hessian trace"))
    assert said.endswith("not measured at 23 of 25 points")
