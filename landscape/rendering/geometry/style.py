"""The style of figures: themes, fonts and colour maps that survive print, projection and colour blindness."""

from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap
from matplotlib.font_manager import findSystemFonts, fontManager

from landscape.errors import InputError
from landscape.records.base import FloatArray

ThemeName: TypeAlias = Literal["paper", "dark", "slide"]

FONT_SUFFIXES = (".otf", ".ttf", ".ttc", ".pfb")
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
        shade: the sublevel set on the floor.
        series: one colour a curve, in order; Okabe and Ito's, which all colour vision tells apart.
        font: family of all text.
        instead: families for what the font lacks.
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
    shade: str = "#f2c14e"
    series: tuple[str, ...] = ("#0072b2", "#d55e00", "#009e73", "#a0527d", "#b8860b", "#333333")
    font: str = "STIXGeneral"
    instead: tuple[str, ...] = ()
    math: str = "stix"
    size: float = 8.0
    line: float = 1.0

    def settings(self, *, usetex: bool = False) -> dict[str, Any]:
        """Matplotlib's settings for this theme; letters that the font lacks come from the one it replaces."""
        return {
            "font.family": ["serif"] if usetex else [self.font, *self.instead],
            "font.size": self.size,
            "mathtext.fontset": self.math,
            "mathtext.rm": self.font,
            "mathtext.it": f"{self.font}:italic",
            "mathtext.bf": f"{self.font}:bold",
            "mathtext.cal": self.font,  # the default names families that few machines have, and says so at each figure
            "axes.unicode_minus": True,
            "text.color": self.ink,
            "text.usetex": usetex,
            "axes.edgecolor": self.ink,
            "axes.labelcolor": self.ink,
            "xtick.color": self.ink,
            "ytick.color": self.ink,
            "pdf.fonttype": 3 if _postscript(self.font) else 42,
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
        shade="#8a6d1d",
        series=("#56b4e9", "#ff9d5c", "#2fcf9f", "#e29ac4", "#f0e442", "#e6e9ef"),
        font="DejaVu Sans",
        math="dejavusans",
        size=7.5,
    ),
    "slide": Theme(font="DejaVu Sans", math="dejavusans", size=12.0, line=1.6),
}


def theme_of(name: str, font: str | None = None) -> Theme:
    """The theme of that name, in a font of choice.

    Raises:
        InputError: there is no such theme, or the font is not installed.
    """
    if name not in THEMES:
        raise InputError(f"unknown theme {name!r}; expected one of {', '.join(THEMES)}")
    theme = THEMES[name]
    if font is None:
        return theme
    if not font or Path(font).suffix.lower() in FONT_SUFFIXES:
        raise InputError(f"a font is named by its family, as 'DejaVu Serif', not by a file, got {font!r}")
    families = {entry.name for entry in fontManager.ttflist}
    if font not in families:
        families = _fonts_on_disk()
    if font not in families:
        near = get_close_matches(font, sorted(families), n=3, cutoff=0.4) or sorted(families)[:5]
        raise InputError(f"no font {font!r} is installed here; there is {', '.join(near)}")
    return replace(theme, font=font, instead=(theme.font, "DejaVu Sans"), math="custom")


def _postscript(font: str) -> bool:
    """Whether a font has PostScript outlines, which matplotlib embeds rightly as shapes alone (type 3)."""
    return any(entry.fname.lower().endswith((".otf", ".pfb")) for entry in fontManager.ttflist if entry.name == font)


def _fonts_on_disk() -> set[str]:
    """Names of all fonts, also of those that were installed after matplotlib made its list."""
    files = {entry.fname for entry in fontManager.ttflist}
    for path in set(findSystemFonts()) - files:
        with suppress(Exception):  # a broken font file is no concern of ours
            fontManager.addfont(path)
    return {entry.name for entry in fontManager.ttflist}


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
