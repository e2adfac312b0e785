"""Every view on real networks, one file each, into ``examples/gallery/``.

    python examples/gallery.py [FOLDER]

Trains the narrow and the wide network (or reuses ``runs/``, or the folder that LANDSCAPE_RUNS names), measures a plane
and a corridor of each at every point of their grids, and draws them: two to four minutes on two cores.
"""

import os
import sys
from pathlib import Path

import landscape as ls


def surfaces_of(view: str) -> list[ls.Surface]:
    """One surface a network, on grids of one extent."""
    pair = ls.open_solutions("pair", runs=os.environ.get("LANDSCAPE_RUNS", "runs"), progress=True)
    extent = ls.common_extent([ls.extent_of(solution, view) for solution in pair])
    return [ls.sample_view(solution, view, extent=extent) for solution in pair]


def draw(folder: Path) -> None:
    """All pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    planes, corridors = surfaces_of("plane"), surfaces_of("corridor")
    ls.render(corridors, folder / "corridors.png", dpi=200)
    ls.render(planes, folder / "planes.png", dpi=200)
    ls.render(corridors, folder / "maps.png", draw="contour", dpi=200)
    ls.render(planes, folder / "widths.png", draw="profile", width=4.5, dpi=200)
    ls.render(planes[1], folder / "accuracy.png", color="train_accuracy", dpi=200)
    ls.render(corridors[0], folder / "tunnel-dark.png", theme="dark", dpi=200)
    ls.render(corridors, folder / "pair.html", title="The tunnel and the field")
    film = {"seconds": 4, "fps": 10, "size": (720, 406), "progress": True}
    ls.render(corridors, folder / "growth.gif", film="growth", **film)
    ls.render(planes, folder / "morph.gif", film="morph", titles=["width 4", "width 512"], **film)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("gallery"))
