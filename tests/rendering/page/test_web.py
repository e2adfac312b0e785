"""The page, opened, turned and read in a browser; what it holds, without one."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import hover, opened, picture, press, reading, settled, state, words
from problems import bowl, tunnel

import landscape
from landscape.errors import DisplayError, FileError, InputError
from landscape.records.base import Axis
from landscape.records.provenance import Provenance
from landscape.records.sampled import Profile, Surface
from landscape.rendering.look import Look
from landscape.rendering.page.document import page
from landscape.rendering.page.web import PageOptions, component, render_page
from landscape.rendering.write import check_free


def named(surface: Surface, model: str) -> Surface:
    return replace(surface, provenance=Provenance(replace(surface.provenance.identity, model=model)))


# ---- without a browser ----


def test_text_is_escaped_wherever_it_stands() -> None:
    nasty = "</script><script>alert(1)</script><b>"
    html = page(nasty, component([named(bowl(points=5), nasty)], Look(titles=[nasty]), PageOptions(stack=nasty)))
    assert "<script>alert" not in html
    assert "<b>" not in html


def test_a_page_names_no_other_place(tmp_path: Path) -> None:
    render_page(bowl(points=5), tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text()
    assert "default-src &#39;none&#39;" in text
    assert "unsafe" not in text.split("</head>")[0].split("<style>")[0]
    assert re.findall(r"""(?:src|href)=["']?([^"'\s>]+)""", text) == ["data:,"]
    assert not re.search(r"https?://|@import|url\(", text)


def test_a_logarithm_is_offered_where_all_values_are_positive() -> None:
    surface = bowl(points=5)
    positive = replace(surface, metrics={"train_loss": surface.loss + 0.1})
    assert 'value="log"' in component(positive)
    assert 'value="log"' not in component(surface)


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (Look(titles=["a", "b"]), "1 surfaces need as many titles, got 2"),
        (Look(metric="nothing"), "no nothing in this record"),
        (Look(scale="cubic"), "unknown scale"),  # type: ignore[arg-type]
        (Look(colormap="jet"), "lightness goes one way"),
    ],
)
def test_a_look_that_is_none_is_refused(look: Look, message: str) -> None:
    with pytest.raises(InputError, match=message):
        component(bowl(points=5), look)


def test_a_stack_begins_at_one_of_its_surfaces() -> None:
    with pytest.raises(InputError, match="start is the index of one of 1 surfaces, got 3"):
        component(bowl(points=5), options=PageOptions(stack="width", start=3))


def test_a_surface_without_a_finite_value_is_refused(tmp_path: Path) -> None:
    surface = bowl(points=5)
    empty = replace(surface, metrics={"train_loss": np.full((5, 5), np.inf)})
    with pytest.raises(DisplayError, match="no finite"):
        render_page(empty, tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.html", "x.gif"])
def test_a_profile_is_no_page_and_no_film(name: str, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    values = np.arange(3.0)
    profile = Profile((Axis("alpha", values),), {"train_loss": values}, np.ones(3, dtype=np.uint8), 0 * values)
    with pytest.raises(InputError, match="draw a profile as png"):
        landscape.render(profile, tmp_path / name)


def test_large_surfaces_are_thinned_and_the_page_says_so(tmp_path: Path) -> None:
    landscape.render(bowl(points=600), tmp_path / "x.html")
    assert "every 3th row and column drawn" in (tmp_path / "x.html").read_text()
    assert (tmp_path / "x.html").stat().st_size < 2e6


def test_only_a_page_of_ours_is_replaced(tmp_path: Path) -> None:
    own, foreign = tmp_path / "own.html", tmp_path / "foreign.html"
    render_page(bowl(points=5), own)
    check_free(own)
    foreign.write_text("<p>mine</p>")
    with pytest.raises(FileError, match="not drawn by landscape"):
        check_free(foreign)


# ---- in a browser ----


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    flat, steep = (replace(b, metrics={"train_loss": b.loss + 0.05}) for b in (bowl(), bowl(curvature=8.0)))
    holed = bowl(points=21)
    loss = holed.loss.copy()
    loss[:4, :4], loss[20, 20] = np.nan, np.inf
    render_page([named(flat, "flat"), named(steep, "steep")], folder / "pair.html", Look(scale="linear"))
    render_page([flat, steep], folder / "stack.html", Look(titles=["2", "8"]), PageOptions(stack="curvature"))
    render_page(replace(holed, metrics={"train_loss": loss}), folder / "holes.html")
    render_page(tunnel(), folder / "tunnel.html")
    render_page(replace(holed, metrics={"train_loss": np.full(holed.loss.shape, 0.7)}), folder / "plateau.html")
    return folder


@pytest.mark.parametrize("name", ["pair", "stack", "holes", "tunnel"])
def test_a_page_opens_without_an_error_or_a_request(browser: Any, pages: Path, name: str) -> None:
    browser.get_log("performance"), browser.get_log("browser")
    opened(browser, pages / f"{name}.html")
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:")} == {f"file://{pages / name}.html"}


def test_a_surface_is_drawn_in_many_colours(browser: Any, pages: Path) -> None:
    opened(browser, pages / "pair.html")
    for panel in range(2):
        colours = browser.execute_script(
            """const c = document.querySelectorAll('.ls-panel canvas')[arguments[0]], seen = new Set();
            const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            for (let k = 0; k < p.length; k += 4) if (p[k + 3]) seen.add(p[k] << 16 | p[k + 1] << 8 | p[k + 2]);
            return seen.size""",
            panel,
        )
        assert colours > 500


def test_a_plateau_has_its_colour_and_not_that_of_a_line(browser: Any, pages: Path) -> None:
    opened(browser, pages / "plateau.html")
    red, green, blue, _ = browser.execute_script(
        """const c = document.querySelector('.ls-panel canvas');
        return [...c.getContext('2d').getImageData(0.4 * c.width, 0.4 * c.height, 1, 1).data]"""
    )
    assert green > 60, (red, green, blue)


def test_the_pointer_reads_the_value_of_the_file(browser: Any, pages: Path) -> None:
    opened(browser, pages / "pair.html")
    hover(browser, 15, 20)
    for panel, curvature in enumerate((2.0, 8.0)):
        surface = bowl(curvature=curvature)
        row, column, value = reading(browser, panel)
        assert value == surface.loss[row, column] + 0.05
        number = np.format_float_positional(value, trim="-")
        assert number in words(browser, panel)
    assert abs(row - 20) < 12, "a point in the middle of the picture lies about the middle of the grid"
    hover(browser, 0, -200)
    assert words(browser) == ""


def test_keys_turn_both_panels_and_nothing_else(browser: Any, pages: Path) -> None:
    opened(browser, pages / "pair.html")
    before, pictures = state(browser), [picture(browser, k) for k in range(2)]
    press(browser, "\ue014")  # arrow right
    after = state(browser)
    assert float(after["azimuth"]) == float(before["azimuth"]) + 5
    assert after["elevation"] == before["elevation"]
    assert all(picture(browser, k) != pictures[k] for k in range(2)), "cameras are linked"
    press(browser, "0")
    assert [picture(browser, k) for k in range(2)] == pictures, "0 returns to where it began"


def test_dragging_turns_and_plus_zooms(browser: Any, pages: Path) -> None:
    from selenium.webdriver import ActionChains

    opened(browser, pages / "pair.html")
    before = state(browser)
    canvas = browser.find_element("css selector", ".ls-panel canvas")
    ActionChains(browser).click_and_hold(canvas).move_by_offset(40, 25).release().perform()
    settled(browser)
    assert float(state(browser)["azimuth"]) == pytest.approx(float(before["azimuth"]) - 16)
    assert float(state(browser)["elevation"]) == pytest.approx(float(before["elevation"]) + 10)
    press(browser, "+")
    assert float(state(browser)["zoom"]) == pytest.approx(1.2)


def test_values_can_be_read_with_the_keyboard(browser: Any, pages: Path) -> None:
    opened(browser, pages / "pair.html")
    press(browser, "\ue008\ue014")  # shift, arrow right: one along alpha from the middle
    assert reading(browser) == (21, 20, bowl().loss[21, 20] + 0.05)
    press(browser, "\ue00c")  # escape
    assert words(browser) == ""


def test_the_toggle_changes_heights_ticks_and_picture(browser: Any, pages: Path) -> None:
    opened(browser, pages / "pair.html")
    before = picture(browser)
    ticks = "return [...document.querySelectorAll('.ls-ticks span')].map(e => e.textContent)"
    assert "0" in browser.execute_script(ticks)
    browser.find_element("css selector", "input[value=log]").click()
    settled(browser)
    assert state(browser)["scale"] == "log"
    assert picture(browser) != before
    assert "10\u207b\u00b9" in browser.execute_script(ticks)


def test_the_slider_changes_surface_title_and_value(browser: Any, pages: Path) -> None:
    opened(browser, pages / "stack.html")
    before = picture(browser)
    press(browser, "\ue008\ue014")
    assert reading(browser)[2] == bowl().loss[21, 20] + 0.05
    press(browser, "\ue014", css="input[type=range]")
    time.sleep(0.5)  # it glides for 0.35 s
    settled(browser)
    assert reading(browser)[2] == bowl(curvature=8.0).loss[21, 20] + 0.05
    assert picture(browser) != before
    assert browser.find_element("css selector", "h3").text == "curvature 8"


def test_holes_are_not_read(browser: Any, pages: Path) -> None:
    opened(browser, pages / "holes.html")
    script = "return document.querySelector('.ls-panel output').textContent"
    press(browser, "\ue008", *["\ue012"] * 9)  # shift, arrow left
    press(browser, "\ue008", *["\ue015"] * 9)  # shift, arrow down
    assert "not measured" in browser.execute_script(script)


def test_dark_is_dark_and_paper_is_white(browser: Any, pages: Path) -> None:
    corner = "return getComputedStyle(document.body).backgroundColor"
    for scheme, colour in (("dark", "rgb(18, 22, 31)"), ("light", "rgb(255, 255, 255)")):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        opened(browser, pages / "pair.html")
        assert browser.execute_script(corner) == colour


def test_a_phone_needs_no_sideways_scrolling(browser: Any, pages: Path) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for name in ("pair", "stack", "tunnel"):
            opened(browser, pages / f"{name}.html")
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
