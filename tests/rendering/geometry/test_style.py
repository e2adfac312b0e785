"""The style: colour maps that mislead are refused, and a font must be installed."""

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.rendering.geometry.style import THEMES, colors_of, lightness, theme_of


@pytest.mark.parametrize("name", ["jet", "hsv", "coolwarm", "tab10", "twilight"])
def test_colour_maps_that_mislead_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="lightness goes one way"):
        colors_of(name)


@pytest.mark.parametrize("name", ["viridis", "cividis", "magma", "inferno", "plasma", "gray", "viridis_r"])
def test_uniform_colour_maps_are_taken(name: str) -> None:
    assert colors_of(name).name == name


def test_lightness_is_that_of_the_cie() -> None:
    middle = lightness(np.array([[0.5, 0.5, 0.5], [1.0, 0.0, 0.0]]))
    assert middle == pytest.approx([53.39, 53.24], abs=0.01)


def test_a_font_of_choice_keeps_the_one_it_replaces_for_missing_letters() -> None:
    theme = theme_of("paper", "DejaVu Serif")
    assert (theme.font, theme.instead) == ("DejaVu Serif", ("STIXGeneral", "DejaVu Sans"))
    assert theme.settings()["font.family"] == ["DejaVu Serif", "STIXGeneral", "DejaVu Sans"]


def test_an_unknown_theme_or_font_is_one_clear_line() -> None:
    with pytest.raises(InputError, match="expected one of paper, dark, slide"):
        theme_of("neon")
    with pytest.raises(InputError, match="by its family"):
        theme_of("paper", "serif.otf")
    with pytest.raises(InputError, match="DejaVu Sans"):
        theme_of("paper", "DejaVu Sand")


@pytest.mark.parametrize("name", THEMES)
def test_text_stands_out_from_the_ground(name: str) -> None:
    theme = THEMES[name]
    colors = [[int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)] for color in (theme.ground, theme.ink, theme.small)]
    ground, ink, small = lightness(np.array(colors))
    assert min(abs(ground - ink), abs(ground - small)) > 50
