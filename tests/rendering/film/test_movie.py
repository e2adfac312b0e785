"""Films: what each frame shows, and files that other programs read."""

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from problems import bowl, tunnel

import landscape
from cli import main
from landscape.errors import InputError
from landscape.records.sampled import Surface
from landscape.rendering.film.movie import FilmOptions, render_film
from landscape.rendering.film.shots import ShotList
from landscape.rendering.geometry.backend import Backend
from landscape.rendering.geometry.camera import Camera
from landscape.rendering.look import Look
from landscape.rendering.write import check_free

SIZE = (320, 180)


def shots_of(film: str, *surfaces: Surface, count: int = 11) -> ShotList:
    panels = Look(sublevel=None, titles=[str(k) for k in range(len(surfaces))]).panels(surfaces)
    return ShotList(panels, film, count, SIZE, Camera(), "slide", "viridis", Backend("vtk"))


def test_an_orbit_goes_once_around_in_equal_steps() -> None:
    orbit = shots_of("orbit", bowl(points=5), count=8)
    turned = [orbit.shot(k).camera.azimuth - Camera().azimuth for k in range(8)]
    assert turned == [45 * k for k in range(8)]


def test_growth_ends_with_the_whole_corridor_and_shows_only_what_was_trained() -> None:
    whole = tunnel()
    film = shots_of("growth", whole)
    rows = [film.shot(k).panels[0].surface.status.shape[0] for k in range(11)]
    assert rows == sorted(rows)
    assert rows[0] == 2
    last = film.shot(10).panels[0].surface
    assert np.array_equal(last.loss, whole.loss)
    early = film.shot(4).panels[0].surface
    assert np.array_equal(early.loss, whole.loss[: len(early.alpha)])
    if early.trajectory is not None:
        assert early.trajectory.alpha.max() <= early.alpha.values[-1]


def test_a_morph_passes_through_the_measured_surfaces_and_says_what_lies_between() -> None:
    one, two = bowl(points=5), bowl(points=5, curvature=4.0)
    film = shots_of("morph", one, two)
    assert np.array_equal(film.shot(0).panels[0].surface.loss, one.loss)
    assert np.array_equal(film.shot(10).panels[0].surface.loss, two.loss)
    assert film.shot(0).note == "as measured"
    middle = film.shot(5)
    np.testing.assert_allclose(middle.panels[0].surface.loss, (one.loss + two.loss) / 2, rtol=1e-12, atol=1e-15)
    assert "interpolated between 0 and 1, not measured" in middle.note
    assert middle.panels[0].dimension is None, "a width that was not measured is not written"
    assert middle.panels[0].marker() is None, "nor a solution that nobody trained"


def test_heights_and_floor_are_the_same_in_every_frame() -> None:
    for film in (shots_of("growth", tunnel()), shots_of("morph", bowl(points=5), bowl(points=5, curvature=4.0))):
        shots = [film.shot(k).panels[0] for k in range(film.count)]
        assert {(panel.heights, panel.floor.alpha, panel.floor.beta) for panel in shots} == {
            (shots[0].heights, shots[0].floor.alpha, shots[0].floor.beta)
        }


@pytest.mark.parametrize(
    ("film", "surfaces", "message"),
    [
        ("flight", [bowl(points=5)], "needs corridors, got a plane"),
        ("growth", [bowl(points=5)], "needs corridors, got a plane"),
        ("morph", [bowl(points=5)], "two or more surfaces"),
        ("morph", [bowl(points=5), bowl(points=7)], "5x5, 7x7"),
        ("dive", [bowl(points=5)], "unknown film"),
        ("orbit", [], "a film shows surfaces"),
    ],
)
def test_a_surface_that_does_not_suit_the_film_is_refused(
    film: Any, surfaces: list[Surface], message: str, tmp_path: Path
) -> None:
    pytest.importorskip("imageio_ffmpeg")
    with pytest.raises(InputError, match=message):
        render_film(surfaces, tmp_path / "x.mp4", options=FilmOptions(film))
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_one_line_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match=r"pip install 'landscape\[movie\]'"):
        render_film(bowl(points=5), tmp_path / "x.mp4")


def told(path: Path) -> str:
    """What FFmpeg says of a file, with the number of frames that it decodes."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    told = subprocess.run([ffmpeg, "-i", path, "-f", "null", "-"], capture_output=True, text=True, check=True)
    return told.stderr


@pytest.mark.parametrize(("name", "codec"), [("x.mp4", "h264.*yuv420p"), ("x.webm", "vp9.*yuv420p"), ("x.gif", "gif")])
def test_a_film_is_what_its_suffix_says(name: str, codec: str, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    surface = tunnel() if name == "x.mp4" else bowl(points=9)
    film = "flight" if surface.trajectory is not None and name == "x.mp4" else "orbit"
    landscape.render(surface, tmp_path / name, film=film, seconds=0.25, fps=12, size=SIZE)
    heard = told(tmp_path / name)
    assert re.search(codec, heard)
    assert "320x180" in heard
    assert re.search(r"frame= *3\b", heard)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_command_films_and_replaces_only_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("imageio_ffmpeg")
    monkeypatch.chdir(tmp_path)
    bowl(points=5).save("bowl.h5")
    asked = ["render", "bowl.h5", "-o", "x.gif", "--seconds", "0.2", "--fps", "10", "--size", "320x180", "--quiet"]
    result = CliRunner().invoke(main, asked, prog_name="landscape")
    assert result.exit_code == 0, result.output
    assert result.stdout == "x.gif\n"
    check_free(Path("x.gif"))  # ours may be replaced
    Path("x.gif").write_bytes(b"mine")
    assert CliRunner().invoke(main, asked, prog_name="landscape").exit_code == 1
    assert Path("x.gif").read_bytes() == b"mine"


def test_options_of_another_kind_of_picture_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bowl(points=5).save("bowl.h5")
    for target, option in (("x.png", "--fps"), ("x.html", "--seconds"), ("x.html", "--dpi"), ("x.mp4", "--columns")):
        result = CliRunner().invoke(main, ["render", "bowl.h5", "-o", target, option, "3"], prog_name="landscape")
        assert result.exit_code == 2
        assert f"{option} has no meaning for {target}" in result.output
