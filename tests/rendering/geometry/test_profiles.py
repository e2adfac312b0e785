"""Lines of profiles: means along rays, bands, and barriers only where there are any."""

from dataclasses import replace

import numpy as np
import pytest
from problems import bowl, hill

from landscape.errors import InputError
from landscape.rendering.geometry.profiles import MAX_LINES, lines_of, ray_profile


def test_rays_become_their_mean_with_a_band_of_measured_values() -> None:
    surface = bowl(curvature=2.0)
    assert surface.rays is not None
    scaled = replace(surface.rays, loss=surface.rays.loss * np.linspace(0.5, 1.5, 64)[:, None])
    profile = ray_profile(replace(surface, rays=scaled))
    assert np.allclose(profile.loss, surface.rays.radius**2, rtol=1e-12)
    for name in ("train_loss_low", "train_loss_high"):
        assert np.isin(profile.metrics[name], scaled.loss).all()


def test_a_line_between_two_solutions_has_its_barrier() -> None:
    (line,) = lines_of([hill(0.7)], "train_loss")
    assert line.connects
    assert line.barrier is not None
    assert line.barrier.loss == pytest.approx(0.7)
    assert line.barrier.where == pytest.approx(0.5)


def test_means_gaps_and_other_metrics_have_no_barrier() -> None:
    loss = np.array(hill().loss)
    band = hill(train_loss_low=loss, train_loss_high=loss)
    loss[3] = np.nan
    gap = replace(hill(), metrics={"train_loss": loss})
    accuracy = hill(train_accuracy=1 - hill().loss)
    assert [lines_of([record], "train_loss")[0].barrier for record in (band, gap, bowl())] == [None] * 3
    assert lines_of([accuracy], "train_accuracy")[0].barrier is None


def test_a_surface_becomes_a_line_with_its_half_width() -> None:
    (line,) = lines_of([bowl(curvature=2.0)], "train_loss")
    assert (line.connects, line.has_band) == (False, True)
    assert line.half_width is not None
    assert line.half_width.mean == pytest.approx(0.5**0.5, rel=1e-3)


def test_records_that_cannot_share_an_axis_are_refused() -> None:
    with pytest.raises(InputError, match="profiles share their axis: cannot draw filter norm beside fraction"):
        lines_of([hill(), bowl()], "train_loss")
    with pytest.raises(InputError, match="1 to 6 curves, got 7"):
        lines_of([hill()] * (MAX_LINES + 1), "train_loss")
    with pytest.raises(InputError, match="rays hold the training loss alone"):
        lines_of([bowl()], "test_loss")
