"""What a record shows of itself, carried out by rooms that stand on records: files and pictures.

This is the one place where records look up the list of rooms. A room is named here, and imported when its face is first
asked for, so that records are made and sent about without HDF5, matplotlib and VTK.
"""

from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from landscape.records.sampled import Profile, Sampled, Surface

Room: TypeAlias = Literal["landscape.files.surfaces", "landscape.rendering.notebook"]

FILES: Room = "landscape.files.surfaces"
NOTEBOOK: Room = "landscape.rendering.notebook"


def save(record: "Sampled", path: str | PathLike[str], *, overwrite: bool) -> None:
    """Writes a record to an HDF5 file, see `landscape.files.surfaces.save`."""
    _face(FILES, "save")(record, path, overwrite=overwrite)


def to_xarray(record: "Sampled") -> Any:
    """The record as an `xarray.Dataset`, see `landscape.rendering.notebook.to_xarray`."""
    return _face(NOTEBOOK, "to_xarray")(record)


def to_pyvista(surface: "Surface") -> Any:
    """The surface as a `pyvista.StructuredGrid`, see `landscape.rendering.notebook.to_pyvista`."""
    return _face(NOTEBOOK, "to_pyvista")(surface)


def html_of(record: "Sampled") -> str:
    """A table and a picture of the record for a notebook, see `landscape.rendering.notebook.html_of`."""
    return cast(str, _face(NOTEBOOK, "html_of")(record))


def plot_profile(profile: "Profile", axes: "Axes | None", *, metric: str) -> "Axes":
    """Matplotlib axes with the profile, see `landscape.rendering.notebook.plot_profile`."""
    return cast("Axes", _face(NOTEBOOK, "plot_profile")(profile, axes, metric=metric))


def plot_surface(surface: "Surface", axes: "Axes | None", *, metric: str) -> "Axes":
    """Matplotlib axes with the surface from above, see `landscape.rendering.notebook.plot_surface`."""
    return cast("Axes", _face(NOTEBOOK, "plot_surface")(surface, axes, metric=metric))


def _face(room: Room, name: str) -> Any:
    return getattr(import_module(room), name)
