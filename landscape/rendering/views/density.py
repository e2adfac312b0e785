"""The spectral density of the Hessian as a picture: logarithmic, with the largest and smallest Ritz value marked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from landscape.records.spectra import Spectrum
from landscape.rendering.geometry.style import Theme, ThemeName
from landscape.rendering.geometry.ticks import number
from landscape.rendering.views.row import draw_row

FLOOR = 0.1  # eigenvalues per smoothing width


def draw_density(
    spectra: Spectrum | Sequence[Spectrum],
    path: str | Path,
    *,
    titles: Sequence[str] | None = None,
    width: str | float | None = None,
    dpi: int = 300,
    theme: ThemeName = "paper",
) -> Path:
    """Draw spectral densities side by side, with axes of their own, as their ranges differ by orders of magnitude.

    The height is the number of eigenvalues per smoothing width (1 % of the range), from a tenth up: values below show
    the tail of the smoothing alone. The band is two standard errors over the probes.

    Args:
        spectra: 1 to 4.
        path: png, pdf or svg by its suffix; what exists is replaced.
        titles: one per panel; by default none.
        width: of the figure: inches, ``"column"``, ``"text"`` or ``"8.6cm"``; by default a column a panel.
        dpi: pixels per inch of a PNG.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.

    Returns:
        The path of the picture.

    Raises:
        InputError: another number of spectra or titles, or an unknown suffix.
        FileError: the picture cannot be written.
    """
    spectra = [spectra] if isinstance(spectra, Spectrum) else list(spectra)
    names = list(titles) if titles is not None else [""] * len(spectra)
    look: dict[str, Any] = {"width": width, "dpi": dpi, "theme": theme, "aspect": 0.72, "same_axes": False}
    return draw_row(
        spectra, path, _panel, titles=names, kind="spectra", heights="eigenvalues per smoothing width", **look
    )


def _panel(axes: Axes, spectrum: Spectrum, theme: Theme) -> None:
    """One density with its error, and the ends of the spectrum."""
    values, scale = spectrum.grid(2001), spectrum.P * spectrum.sigma
    mean, error = (scale * part for part in spectrum.density_with_error(values))
    color = theme.series[0]
    axes.fill_between(
        values,
        np.maximum(mean - 2 * error, FLOOR),
        np.maximum(mean + 2 * error, FLOOR),
        color=color,
        alpha=0.3,
        linewidth=0,
    )
    axes.plot(values, np.maximum(mean, FLOOR), color=color, linewidth=theme.line)
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 3 * float(mean.max()))
    ends = [float(spectrum.nodes.min()), float(spectrum.nodes.max())]
    axes.plot(ends, [FLOOR, FLOOR], "|", color=theme.ink, markersize=8 * theme.line, clip_on=False)
    axes.set_xlabel(f"eigenvalue, {number(ends[0], 2)} to {number(ends[1], 2)}", fontsize=theme.size + 1)
