"""The report of real small studies: what it says, and what it does in a browser."""

import base64
import io
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import opened, picture, press, reading, settled, state, words
from matplotlib import image

from landscape.errors import InputError
from landscape.records.findings import Remark, StudyResult, Table
from landscape.rendering.page.report import render_report, report
from landscape.study import morph
from landscape.study.catalogue import run_study
from landscape.study.settings import Settings

NAMES = ("fit", "morph")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[StudyResult]:
    """Width 2 against width 24, on 60 digits."""
    runs = tmp_path_factory.mktemp("runs")
    small = Settings(quick=True, widths=(2, 24), members=2, steps=30, num_train=60, runs=runs, progress=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(morph, "CORRIDOR_POINTS", 21)
        patch.setattr(morph, "POINTS", 11)
        return [run_study(name, small) for name in NAMES]


@pytest.fixture(scope="module")
def page(results: list[StudyResult], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_report(results, tmp_path_factory.mktemp("page") / "report.html", facts={"Command": "landscape <b>"})


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    return page.read_text()


# ---- without a browser ----


def test_every_claim_has_verdict_numbers_plots_and_command(results: list[StudyResult], text: str) -> None:
    for result in results:
        section = re.search(rf'<section id="{result.name}".*?</section>', text, re.DOTALL)[0]  # type: ignore[index]
        assert f'class="verdict {result.verdict}"' in section
        assert result.command in section
        for number in result.numbers:
            assert number.name in section
            assert number.text in section
        assert section.count('class="plot"') == len(result.plots)


def test_what_the_data_refute_stands_in_a_list_of_its_own(results: list[StudyResult]) -> None:
    against = Remark("The moon is a cheese: it is found to be rock.", "disagrees")
    plain = replace(results[0], plots=(), remarks=())
    html = report([replace(plain, verdict="disagrees", remarks=(against,))])
    listed = re.search(r'<ul class="against">(.*?)</ul>', html, re.DOTALL)[1]  # type: ignore[index]
    assert "The moon is a cheese</q> does not hold: it is found to be rock." in listed
    assert results[0].claim.rstrip(".") in listed
    assert "Where the data contradict" not in report([replace(plain, verdict="agrees")])


def test_pictures_have_words_and_stand_in_the_page(text: str) -> None:
    pictures = re.findall(r"<img [^>]*>", text)
    assert len(pictures) == 5, "the pair for print, three plots and the maps"
    assert all(re.search(r'alt="[^"]{20,}"', each) for each in pictures)
    assert all('src="data:image/' in each for each in pictures)
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_plots_for_light_and_dark_grounds_differ_in_ink(text: str) -> None:
    found = re.search(
        r'srcset="data:image/svg\+xml;base64,([^"]+)">\s*<img src="data:image/svg\+xml;base64,([^"]+)"', text
    )
    assert found
    dark, light = (base64.b64decode(each).decode() for each in found.groups())
    assert "#e6e9ef" in dark
    assert "#e6e9ef" not in light


def test_text_is_escaped(text: str) -> None:
    assert "landscape &lt;b&gt;" in text


def test_a_table_is_shown_as_one_and_its_verdicts_as_words(results: list[StudyResult]) -> None:
    table = Table(("aspect", "narrow", "verdict"), (("capacity", "5", "agrees"), ("error", "7", "undecided")))
    html = report([replace(results[0], plots=(), table=table)])
    assert "the data do not decide" in html
    assert "1 of 2 aspects" in html


def test_nothing_the_same_twice_and_other_files_are_refused(results: list[StudyResult], tmp_path: Path) -> None:
    for given in ([], [results[0], results[0]]):
        with pytest.raises(InputError, match="different studies"):
            report(given)
    with pytest.raises(InputError, match=r"\.html"):
        render_report(results, tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


# ---- in a browser ----


def test_the_report_opens_without_an_error_or_a_request(browser: Any, page: Path) -> None:
    browser.get_log("performance"), browser.get_log("browser")
    opened(browser, page)
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:")} == {f"file://{page}"}
    sizes = browser.execute_script("return [...document.images].map(i => i.naturalWidth)")
    assert min(sizes) > 100, "every picture is shown"


def test_readings_are_the_values_of_the_file(browser: Any, page: Path, results: list[StudyResult]) -> None:
    narrow, wide = (surface for surface in results[1].surfaces if surface.kind == "corridor")
    opened(browser, page)
    press(browser, "\ue008\ue014")  # shift, arrow right: read one step on from the middle
    for panel, surface in enumerate((narrow, wide)):
        row, column, value = reading(browser, panel)
        assert value == surface.loss[row, column]
        assert np.format_float_positional(value, trim="-") in words(browser, panel)


def test_the_slider_changes_the_wide_surface_alone(browser: Any, page: Path, results: list[StudyResult]) -> None:
    narrow = results[1].surfaces[0]
    opened(browser, page)
    before = [picture(browser, panel) for panel in range(2)]
    press(browser, "\ue012", css="input[type=range]")  # arrow left
    time.sleep(0.5)  # it glides for 0.35 s
    settled(browser)
    assert picture(browser, 0) == before[0]
    assert picture(browser, 1) != before[1]
    assert [each.text for each in browser.find_elements("css selector", ".ls-panel h3")] == ["width 2", "width 2"]
    press(browser, "\ue008\ue014")
    row, column, value = reading(browser, 1)
    assert value == narrow.loss[row, column]


def test_the_toggle_changes_both_surfaces(browser: Any, page: Path) -> None:
    opened(browser, page)
    before = [picture(browser, panel) for panel in range(2)]
    other = {"linear": "log", "log": "linear"}[state(browser)["scale"]]
    browser.find_element("css selector", f"input[value={other}]").click()
    settled(browser)
    assert all(picture(browser, panel) != before[panel] for panel in range(2))


def test_everything_to_operate_is_reached_by_keyboard(browser: Any, page: Path) -> None:
    opened(browser, page)
    script = """return [...document.querySelectorAll('a, input, button, canvas, .scroll')]
        .filter(e => e.tabIndex < 0 && !e.closest('.ls-bar')).length"""
    assert browser.execute_script(script) == 0


def test_a_phone_needs_no_sideways_scrolling(browser: Any, page: Path) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        opened(browser, page)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_on_paper_a_picture_stands_for_the_surfaces(browser: Any, page: Path) -> None:
    opened(browser, page)
    shown = "return ['.ls-surface', '.static'].map(s => getComputedStyle(document.querySelector(s)).display)"
    assert browser.execute_script(shown) == ["block", "none"]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.execute_script(shown) == ["none", "block"]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")


def test_the_picture_for_paper_is_not_blank(text: str) -> None:
    address = re.search(r'class="static">\s*<img src="data:image/png;base64,([^"]+)"', text)
    assert address
    drawn = image.imread(io.BytesIO(base64.b64decode(address[1])))
    assert len(np.unique((drawn * 255).astype(int).reshape(-1, drawn.shape[-1]), axis=0)) > 500
