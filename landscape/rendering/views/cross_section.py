"""The cross-section of a minimum as a picture: half-widths by rank of the eigenvalue, random directions as a band."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from landscape.errors import InputError
from landscape.records.loss_scale import noun_of
from landscape.records.spectra import CrossSection
from landscape.rendering.geometry.style import Theme, ThemeName
from landscape.rendering.geometry.ticks import number
from landscape.rendering.views.row import draw_row


def draw_cross_section(
    sections: CrossSection | Sequence[CrossSection],
    path: str | Path,
    *,
    titles: Sequence[str] | None = None,
    width: str | float | None = None,
    dpi: int = 300,
    theme: ThemeName = "paper",
) -> Path:
    """Draw the cross-sections of networks side by side, with the same axes.

    Dots: half-widths along the eigenvectors, mean of both sides, from the stiffest on. Line: what curvature alone
    predicts, ``sqrt(2 rise / lambda)``. Band: smallest to largest half-width along the random directions, their mean
    as a dashed line. Open dots are lower bounds.

    Args:
        sections: 1 to 4.
        path: png, pdf or svg by its suffix; what exists is replaced.
        titles: one per panel; by default the networks' names.
        width: of the figure: inches, ``"column"``, ``"text"`` or ``"8.6cm"``; by default a column a panel.
        dpi: pixels per inch of a PNG.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.

    Returns:
        The path of the picture.

    Raises:
        InputError: another number of sections or titles, different rises, or an unknown suffix.
        FileError: the picture cannot be written.
    """
    sections = [sections] if isinstance(sections, CrossSection) else list(sections)
    names = list(titles) if titles is not None else [f"{part.model} ({part.network})" for part in sections]
    rises = {(part.rise, noun_of(part.rise_unit)) for part in sections}
    if len(rises) > 1:
        raise InputError("cross-sections of different rises cannot share axes")
    heights = "".join(f"half-width at +{number(rise, 3)} {noun}, L2" for rise, noun in rises)
    look: dict[str, Any] = {"width": width, "dpi": dpi, "theme": theme, "aspect": 0.78, "same_axes": True}
    return draw_row(sections, path, _panel, titles=names, kind="cross-sections", heights=heights, **look)


def _panel(axes: Axes, section: CrossSection, theme: Theme) -> None:
    """One cross-section: band, mean, prediction and dots."""
    stiff, sloppy, rank = theme.series[0], theme.series[1], np.arange(1, len(section.eigenvalues) + 1)
    low, high = section.random.min(), section.random.max()
    axes.axhspan(low, high, color=sloppy, alpha=0.25, linewidth=0, label="random directions: range")
    axes.axhline(section.random.mean(), color=sloppy, linewidth=theme.line, dashes=(4, 2), label="their mean")
    axes.plot(
        rank, section.predicted, color=theme.ink, linewidth=theme.line, label=r"$\sqrt{2\,\mathrm{rise}/\lambda}$"
    )
    mean, inside = section.stiff.mean(axis=1), (section.stiff < section.reach).all(axis=1)
    axes.plot(rank[inside], mean[inside], "o", color=stiff, markersize=3 * theme.line, label="along eigenvectors")
    if not inside.all():
        look = {"markersize": 3 * theme.line, "color": stiff, "fillstyle": "none"}
        axes.plot(rank[~inside], mean[~inside], "o", label="at least", **look)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 2)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("eigenvalue, from the largest", fontsize=theme.size + 1)
    axes.legend(fontsize=theme.size - 1, frameon=False, loc="best")
