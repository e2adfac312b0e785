"""``landscape view``: a window where there is a screen, else a page."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from problems import bowl, tunnel

from cli import main
from landscape.rendering.geometry.backend import find_backend
from landscape.rendering.window import plotter_of


def test_without_a_screen_a_page_is_written_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    bowl(points=5).save("bowl.h5")
    result = CliRunner().invoke(main, ["view", "bowl.h5"], prog_name="landscape")
    assert result.exit_code == 0, result.output
    assert result.stdout == "bowl.html\n"
    assert "no screen here" in result.stderr
    assert "ls-surface" in Path("bowl.html").read_text()


def test_a_window_holds_the_surface_with_its_labels() -> None:
    if find_backend().name != "vtk":
        pytest.skip("no OpenGL here")
    plotter = plotter_of(tunnel(), off_screen=True)
    try:
        image = plotter.screenshot(return_img=True)
        assert len({tuple(pixel) for pixel in image[::4, ::4].reshape(-1, 3).tolist()}) > 200
    finally:
        plotter.close()
