"""Faces: what a record shows of itself by rooms that stand on it."""

import subprocess
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import get_args

import pytest
from record_files import example

from landscape.files.surfaces import load
from landscape.records import faces


@pytest.mark.parametrize(
    ("room", "name"),
    [
        (faces.FILES, "save"),
        *((faces.NOTEBOOK, name) for name in ("to_xarray", "to_pyvista", "html_of", "plot_profile", "plot_surface")),
    ],
)
def test_every_face_is_a_function_of_its_room_that_takes_the_same_parameters(room: faces.Room, name: str) -> None:
    here, there = getattr(faces, name), getattr(import_module(room), name)
    arguments = {key: key for key in signature(here).parameters}
    first = next(iter(signature(there).parameters))
    assert next(iter(arguments)) == first
    assert signature(there).bind(arguments.pop(first), **arguments).arguments


def test_a_record_saves_itself(tmp_path: Path) -> None:
    example().save(tmp_path / "s.h5")
    assert load(tmp_path / "s.h5").loss.tobytes() == example().loss.tobytes()


def test_records_are_made_without_the_rooms_that_stand_on_them() -> None:
    rooms = [*get_args(faces.Room), "h5py", "matplotlib", "torch"]
    program = f"import sys, landscape.records.findings; print([room for room in {rooms} if room in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
