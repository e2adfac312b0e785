"""The spectral density of the Hessian as a picture: logarithmic, with the largest and smallest Ritz value marked."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.render.layout import inches
from landscape.render.style import Theme, ThemeName, theme_of
from landscape.render.ticks import number
from landscape.render.write import suffixed, write_figure
from landscape.spectra import Spectrum

PANEL = 3.375
ASPECT = 0.72
MOST = 4
FLOOR = 0.1


def draw_density(
    spectra: Spectrum | Sequence[Spectrum],
    path: str | Path,
    *,
    titles: Sequence[str] | None = None,
    width: str | float | None = None,
    dpi: int = 300,
    theme: ThemeName = "paper",
) -> Path:
    """The file drawn: a panel for each spectrum, each with its own axes, as their ranges differ by orders of magnitude.

    The height is the number of eigenvalues per smoothing width (1 % of the range), from a tenth of one up: what lies
    below is nothing but the tail of the smoothing. The band is two standard errors over the probes.

    Args:
        spectra: 1 to 4.
        path: png, pdf or svg by its suffix; what exists is replaced.
        titles: one per panel.
        width: of the figure, as for `render`.
        dpi: of a PNG.
        theme: ``"paper"``, ``"dark"`` or ``"slide"``.

    Raises:
        InputError: another number of spectra or titles, or an unknown suffix.
        FileError: the picture cannot be written.
    """
    target = suffixed(path)
    given = [spectra] if isinstance(spectra, Spectrum) else list(spectra)
    names = list(titles) if titles is not None else [""] * len(given)
    if not 1 <= len(given) <= MOST or len(names) != len(given):
        raise InputError(f"a figure has 1 to {MOST} spectra, each with a title, got {len(given)} and {len(names)}")
    look = theme_of(theme)
    with mpl.rc_context(look.settings()):
        size = inches(width) or PANEL * len(given) * look.size / 8
        figure = Figure(figsize=(size, ASPECT * size / len(given)), facecolor=look.ground, layout="constrained")
        panels = figure.subplots(1, len(given), squeeze=False)[0]
        for axes, spectrum, name in zip(panels, given, names, strict=True):
            _panel(axes, spectrum, name, look)
        panels[0].set_ylabel("eigenvalues per smoothing width", fontsize=look.size + 1)
        write_figure(figure, target, dpi)
    return target


def _panel(axes: Axes, spectrum: Spectrum, title: str, theme: Theme) -> None:
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
    axes.set_title(title, fontsize=theme.size + 1)
    axes.set_xlabel(f"eigenvalue, {number(ends[0], 2)} to {number(ends[1], 2)}", fontsize=theme.size + 1)
    axes.set_facecolor(theme.ground)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=theme.size, which="both", width=0.6 * theme.line)
