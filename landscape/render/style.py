"""How figures look: themes, fonts and colour maps that survive print, projection and colour blindness."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap

from landscape.errors import InputError
from landscape.records import FloatArray

ThemeName: TypeAlias = Literal["paper", "dark", "slide"]

# Perceptually uniform and readable with any colour vision (Smith and van der Walt 2015; cividis: Nunez et al. 2018).
MAPS = ("viridis", "cividis", "magma", "inferno", "plasma")


@dataclass(frozen=True)
class Theme:
    """Colours, font and sizes of a figure.

    Args:
        ground: behind everything.
        ink: text, axes and contour lines.
        small: small print.
        wall: floor and walls of the box.
        grid: lines on them.
        path: the training path.
        series: one colour a curve, in order; Okabe and Ito's, which all colour vision tells apart.
        font: family of all text.
        math: matplotlib's font set for formulas.
        size: points of the tick labels; all other text goes with it.
        line: linewidths are multiplied by it.
    """

    ground: str = "#ffffff"
    ink: str = "#222222"
    small: str = "#333333"
    wall: str = "#f7f7f7"
    grid: str = "#d4d4d4"
    path: str = "#c1121f"
    series: tuple[str, ...] = ("#0072b2", "#d55e00", "#009e73", "#a0527d", "#b8860b", "#333333")
    font: str = "STIXGeneral"
    math: str = "stix"
    size: float = 8.0
    line: float = 1.0

    def settings(self, *, font: str | None = None, usetex: bool = False) -> dict[str, Any]:
        """Matplotlib's settings for this theme."""
        return {
            "font.family": font or self.font,
            "font.size": self.size,
            "mathtext.fontset": self.math,
            "axes.unicode_minus": True,
            "text.color": self.ink,
            "text.usetex": usetex,
            "axes.edgecolor": self.ink,
            "axes.labelcolor": self.ink,
            "xtick.color": self.ink,
            "ytick.color": self.ink,
            "pdf.fonttype": 42,
            "svg.fonttype": "none",
            "svg.hashsalt": "landscape",
            "figure.dpi": 100,
        }


THEMES = {
    "paper": Theme(),
    "dark": Theme(
        ground="#12161f",
        ink="#e6e9ef",
        small="#c3c9d4",
        wall="#1b212d",
        grid="#3a4354",
        path="#ff6b6b",
        series=("#56b4e9", "#ff9d5c", "#2fcf9f", "#e29ac4", "#f0e442", "#e6e9ef"),
        font="DejaVu Sans",
        math="dejavusans",
        size=7.5,
    ),
    "slide": Theme(font="DejaVu Sans", math="dejavusans", size=12.0, line=1.6),
}


def theme_of(name: str) -> Theme:
    """The theme of that name.

    Raises:
        InputError: there is none.
    """
    if name not in THEMES:
        raise InputError(f"unknown theme {name!r}; expected one of {', '.join(THEMES)}")
    return THEMES[name]


def colors_of(name: str) -> Colormap:
    """The colour map of that name.

    Raises:
        InputError: matplotlib does not know it, or its lightness does not go one way: then it shows edges where the
            loss has none, and different losses look alike in grey or to a colour-blind reader.
    """
    if name not in mpl.colormaps:
        raise InputError(f"unknown colour map {name!r}; expected one of matplotlib's, such as {', '.join(MAPS)}")
    steps = np.diff(lightness(mpl.colormaps[name](np.linspace(0, 1, 64))))
    if min(np.max(steps), np.max(-steps)) > 0.5:
        raise InputError(
            f"colour map {name!r} gets lighter and darker again, so that it shows edges where the loss has none; "
            f"take one whose lightness goes one way, such as {', '.join(MAPS)}"
        )
    return mpl.colormaps[name]


def lightness(colors: FloatArray) -> FloatArray:
    """CIE 1976 L*, from 0 (black) to 100 (white), of sRGB colours (..., 3 or more) in [0, 1].

    >>> lightness(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])).round(6).tolist()
    [0.0, 100.0]
    """
    channels = np.asarray(colors, dtype=np.float64)[..., :3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return np.asarray(
        np.where(luminance > (6 / 29) ** 3, 116 * np.cbrt(luminance) - 16, luminance * (29 / 3) ** 3), dtype=np.float64
    )
