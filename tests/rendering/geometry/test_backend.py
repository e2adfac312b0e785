"""The backend: VTK where a window answers, matplotlib with advice elsewhere."""

import importlib.util

import pytest

from landscape.rendering.geometry import backend
from landscape.rendering.geometry.backend import ADVICE, VARIABLE, Backend, find_backend


def test_without_pyvista_matplotlib_draws_and_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert find_backend.__wrapped__() == Backend("matplotlib", advice="for the shaded surface: pip install pyvista")


def test_a_probe_that_dies_leaves_matplotlib_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_PROBE", "raise SystemExit(11)")
    chosen = find_backend.__wrapped__()
    assert chosen == Backend("matplotlib", advice=ADVICE)
    assert str(chosen) == f"matplotlib's own 3-D; {ADVICE}"


def test_a_window_that_draws_is_set_for_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "myWindow")
    monkeypatch.setattr(backend, "_PROBE", "print('myWindow OpenGL')")
    assert find_backend.__wrapped__() == Backend("vtk", "myWindow")
    monkeypatch.setattr(backend, "_PROBE", "print('myWindow')")
    assert find_backend.__wrapped__().name == "matplotlib", "a window without OpenGL does not count"
