"""One function draws every picture: its signature is true, and nothing asked for is left out without a word."""

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from problems import bowl, tunnel

import landscape
from landscape.errors import FileError, InputError
from landscape.rendering.figure import FigureOptions
from landscape.rendering.film.movie import FilmOptions
from landscape.rendering.look import Look
from landscape.rendering.page.web import PageOptions
from landscape.rendering.render import check_picture, foreign_options, medium_of

KINDS = (Look, FigureOptions, PageOptions, FilmOptions)


def test_render_is_a_function_whose_signature_names_every_option_with_its_default() -> None:
    assert inspect.isfunction(landscape.render)
    records, path, *options = inspect.signature(landscape.render).parameters.values()
    assert (records.name, path.name) == ("records", "path")
    assert {option.kind for option in options} == {inspect.Parameter.KEYWORD_ONLY}
    expected = {field.name: field.default for kind in KINDS for field in fields(kind)}
    assert {option.name: option.default for option in options} == expected | {"view": None}


def test_options_stand_in_the_signature_in_the_order_of_their_records() -> None:
    """They are passed on by position."""
    for kind in KINDS:
        names = [field.name for field in fields(kind) if field.name != "theme"]
        assert [name for name in inspect.signature(landscape.render).parameters if name in names] == names


@pytest.mark.parametrize(
    ("name", "medium"),
    [("a.png", "figure"), ("a.HTML", "page"), ("a.gif", "film"), ("a.webm", "film"), ("a", "figure")],
)
def test_the_suffix_names_the_medium(name: str, medium: str) -> None:
    assert medium_of(name) == medium


@pytest.mark.parametrize(
    ("target", "option", "value"),
    [
        ("x.png", "fps", 3),
        ("x.png", "stack", "width"),
        ("x.html", "dpi", 100),
        ("x.html", "theme", "dark"),
        ("x.html", "draw", "contour"),
        ("x.gif", "columns", 2),
        ("x.gif", "title", "T"),
    ],
)
def test_an_option_of_another_medium_is_refused(target: str, option: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"^{option} has no meaning for {target}, a (figure|page|film)$"):
        landscape.render(bowl(points=5), tmp_path / target, **{option: value})
    assert not list(tmp_path.iterdir())


def test_an_unknown_suffix_is_refused_before_options(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot draw to 'x\.avi': the suffix must be one of \.png, \.pdf, \.svg"):
        landscape.render(bowl(points=5), tmp_path / "x.avi", film="flight")


def test_every_medium_draws_the_same_range_of_heights(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    surfaces = [tunnel(), tunnel()]
    film: dict[str, Any] = {"seconds": 0.2, "fps": 10, "size": (320, 180), "theme": "dark", "processes": 1}
    options: dict[str, dict[str, Any]] = {"a.png": {"dpi": 40, "draw": "surface"}, "a.html": {"draw": "surface"}}
    options["a.gif"] = film
    drawn = [landscape.render(surfaces, tmp_path / name, ceiling=1.5, **some) for name, some in options.items()]
    assert len({(picture.low, picture.high, picture.clipped) for picture in drawn}) == 1
    assert drawn[0].high == 1.5


def test_the_former_name_of_draw_works_and_says_so(tmp_path: Path) -> None:
    with pytest.warns(FutureWarning, match=r"^view= of landscape\.render is called draw= now") as caught:
        landscape.render(bowl(points=5), tmp_path / "old.svg", view="contour")
    assert caught[0].filename == __file__
    landscape.render(bowl(points=5), tmp_path / "new.svg", draw="contour")
    assert (tmp_path / "old.svg").read_bytes() == (tmp_path / "new.svg").read_bytes()


def test_an_option_is_foreign_to_a_medium_that_lacks_it() -> None:
    assert {"dpi", "columns", "film", "seconds"} <= foreign_options("a.html")
    assert "stack" not in foreign_options("a.html")
    assert {"film", "stack"} <= foreign_options("a.png")
    assert "theme" not in foreign_options("a.png") | foreign_options("a.gif")
    shared = {field.name for field in fields(Look)}
    assert not shared & (foreign_options("a.png") | foreign_options("a.html") | foreign_options("a.gif"))


@pytest.mark.parametrize("draw", ["surface", "contour", "barcode"])
def test_of_a_grid_computed_elsewhere_a_caption_claims_no_network_and_no_unit(draw: Any, tmp_path: Path) -> None:
    axis = np.linspace(-1, 1, 5)
    grid = landscape.Surface.from_grid(axis, axis, axis[:, None] ** 2 + axis**2, name="bowl", labels=("rate", "width"))
    caption = landscape.render(grid, tmp_path / "grid.svg", draw=draw, backend="matplotlib").caption
    assert ("grid computed elsewhere" in caption) == (draw != "barcode")
    for claim in ("nat", "norm", "random", "P$", "parameter", "haded", "solution"):
        assert claim not in caption
    assert (">width<" in (tmp_path / "grid.svg").read_text()) == (draw != "barcode")


@pytest.mark.parametrize("name", ["a.png", "a.PDF", "a.svg", "a.html", "a.gif"])
def test_a_free_place_is_fine_and_stays_free(name: str, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    check_picture(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.png", "a.html", "a.gif"])
def test_what_others_made_is_replaced_only_by_force(name: str, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    (tmp_path / name).write_bytes(b"holiday")
    with pytest.raises(FileError, match="--force"):
        check_picture(tmp_path / name)
    check_picture(tmp_path / name, force=True)
    assert (tmp_path / name).read_bytes() == b"holiday"


def test_the_latex_file_beside_a_picture_is_looked_at_too(tmp_path: Path) -> None:
    (tmp_path / "a.tex").write_text("mine")
    check_picture(tmp_path / "a.pdf")
    with pytest.raises(FileError, match=r"a\.tex"):
        check_picture(tmp_path / "a.pdf", with_tex=True)


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the suffix must be one of \.png, \.pdf, \.svg"):
        check_picture(tmp_path / "a.bmp")


@pytest.mark.parametrize("draw", ["surface", "contour"])
def test_a_metric_has_a_short_name(draw: Any, tmp_path: Path) -> None:
    axis = np.linspace(-1, 1, 5)
    grid = landscape.Surface.from_grid(axis, axis, {"train_loss": np.ones((5, 5)), "train_pde": axis[:, None] + axis})
    for name in ("pde", "train_pde"):
        picture = landscape.render(grid, tmp_path / f"{name}.svg", metric=name, draw=draw, backend="matplotlib")
        assert picture.caption.startswith("Training pde over")
    assert (tmp_path / "pde.svg").read_bytes() == (tmp_path / "train_pde.svg").read_bytes()
