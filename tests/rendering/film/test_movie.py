"""Films are files that other programs read, and refused where surfaces do not suit them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from problems import bowl, tunnel

import landscape
from cli import main
from landscape.errors import InputError
from landscape.records.sampled import Surface
from landscape.rendering.film.movie import FilmOptions, render_film
from landscape.rendering.write import check_free

SIZE = (320, 180)


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


def ffmpeg_report(path: Path) -> str:
    """What FFmpeg says of a file, with the number of frames that it decodes."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    return subprocess.run([ffmpeg, "-i", path, "-f", "null", "-"], capture_output=True, text=True, check=True).stderr


@pytest.mark.parametrize(("name", "codec"), [("x.mp4", "h264.*yuv420p"), ("x.webm", "vp9.*yuv420p"), ("x.gif", "gif")])
def test_a_film_is_what_its_suffix_says(name: str, codec: str, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    surface = tunnel() if name == "x.mp4" else bowl(points=9)
    film = "flight" if surface.trajectory is not None and name == "x.mp4" else "orbit"
    landscape.render(surface, tmp_path / name, film=film, seconds=0.25, fps=12, size=SIZE)
    report = ffmpeg_report(tmp_path / name)
    assert re.search(codec, report)
    assert "320x180" in report
    assert re.search(r"frame= *3\b", report)
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
