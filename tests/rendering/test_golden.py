"""Pictures as they were looked at and judged right; `LANDSCAPE_GOLDEN=remake pytest tests/rendering` draws them."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from problems import bowl, hill, tunnel

import landscape
from landscape.rendering.geometry.backend import find_backend

GOLDEN = Path(__file__).parent / "golden"
# Other versions of Mesa and FreeType move edges by a pixel: few pixels may differ much, all together little.
MEAN_TOLERANCE = 0.02
PIXEL_TOLERANCE, SHARE_TOLERANCE = 0.25, 0.03

VIEWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "surface": (bowl, {}),
    "corridor": (tunnel, {"theme": "dark"}),
    "polygons": (tunnel, {"backend": "matplotlib"}),
    "contour": (tunnel, {"draw": "contour"}),
    "profile": (hill, {}),
    "rays": (bowl, {"draw": "profile"}),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_looks_as_it_did(name: str, tmp_path: Path) -> None:
    if name in ("surface", "corridor") and find_backend().window != "vtkOSOpenGLRenderWindow":
        pytest.skip("drawn by Mesa's software renderer alone (libosmesa6)")
    make, options = VIEWS[name]
    remake = os.environ.get("LANDSCAPE_GOLDEN") == "remake"
    target = (GOLDEN if remake else tmp_path) / f"{name}.png"
    landscape.render(make(), target, width=3.0, dpi=100, notes=False, **options)
    drawn, golden = (imread(path)[..., :3] for path in (target, GOLDEN / f"{name}.png"))
    assert drawn.shape == golden.shape
    difference = np.abs(drawn - golden).max(axis=2)
    assert difference.mean() < MEAN_TOLERANCE
    assert (difference > PIXEL_TOLERANCE).mean() < SHARE_TOLERANCE
