"""Images of a study stand in their addresses, for light and for dark grounds."""

import base64
import io

import numpy as np
from matplotlib import image
from problems import bowl

from landscape.records.findings import Picture, Plot, Series, StudyResult
from landscape.rendering.page.images import data_address, study_images

X = np.array([1.0, 10.0, 100.0])
PLOT = Plot("errors", "P / N", "share", (Series("narrow", X, X, X, X),))
PICTURE = Picture("grey", np.linspace(0, 1, 100).reshape(10, 10), -np.ones((10, 10)))
RESULT = StudyResult("fit", "Fit", "claim", "opposite", "agrees", (), plots=(PLOT,), pictures=(PICTURE,))


def decoded(address: str) -> bytes:
    return base64.b64decode(address.partition("base64,")[2])


def test_a_plot_is_drawn_for_light_and_for_dark_grounds_without_its_title() -> None:
    plot, _ = study_images(RESULT)
    light, dark = (decoded(address).decode() for address in (plot.light, plot.dark))
    assert "#e6e9ef" in dark
    assert "#e6e9ef" not in light
    assert plot.title == "errors"
    assert plot.alt.startswith("errors: share against P / N. narrow: from 1 at 1 to 100 at 100")
    assert (plot.kind, plot.width) == ("plot", round(96 * 3.4))


def test_a_small_picture_is_enlarged_pixel_by_pixel() -> None:
    _, photo = study_images(RESULT)
    pixels = image.imread(io.BytesIO(decoded(photo.light)))
    assert pixels.shape[:2] == (photo.height, photo.width) == (300, 300)
    assert photo.light == photo.dark
    assert np.ptp(pixels[:30, :30, 0]) < 0.01


def test_maps_stand_together_and_their_words_name_the_kinds() -> None:
    (maps,) = study_images(StudyResult("a", "A", "c", "o", "agrees", (), surfaces=(bowl(points=5),) * 6))
    assert maps.kind == "maps"
    assert maps.title == "Planes on one colour scale"


def test_an_address_holds_the_file() -> None:
    assert data_address(b"abc") == "data:image/png;base64,YWJj"
