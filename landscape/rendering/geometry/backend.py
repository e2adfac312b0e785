"""What this machine can draw with. Child processes try it: a missing OpenGL library kills the process that asks."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
PROBE_SECONDS = 60
ADVICE = "for the shaded surface install an OpenGL library, as in: apt-get install libosmesa6"

_PROBE = """
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkRenderer
import vtkmodules.vtkRenderingOpenGL2
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(1, 1)
window.AddRenderer(vtkRenderer())
window.Render()
print(window.GetClassName(), window.ReportCapabilities().count("OpenGL"))
"""


@dataclass(frozen=True)
class Backend:
    """The library that draws the surface: ``"vtk"`` with the window class that answered, or ``"matplotlib"``.

    Args:
        name: ``"vtk"`` or ``"matplotlib"``.
        window: VTK's render window, ``"vtkOSOpenGLRenderWindow"``; empty for matplotlib.
        advice: what to install for more; empty where nothing is missing.
    """

    name: str
    window: str = ""
    advice: str = ""

    def __str__(self) -> str:
        return f"VTK by {self.window}" if self.name == "vtk" else f"matplotlib's own 3-D; {self.advice}"


@cache
def find_backend() -> Backend:
    """The best way to draw here; the window that answered is set for this process.

    Returns:
        The backend; its text says what it is, or what to install for more.
    """
    if importlib.util.find_spec("vtkmodules") is None or importlib.util.find_spec("pyvista") is None:
        return Backend("matplotlib", advice="for the shaded surface: pip install pyvista")
    # All start before the first is waited for: each takes a second to import VTK.
    children = {window: _start(window) for window in _candidates()}
    answers = {window: _answers(child) for window, child in children.items()}
    for window, works in answers.items():
        if works:
            os.environ[VARIABLE] = window
            return Backend("vtk", window)
    return Backend("matplotlib", advice=ADVICE)


def _candidates() -> tuple[str, ...]:
    """Window classes to try, the best first; the user's own choice, if there is one, is the only one."""
    if os.environ.get(VARIABLE):
        return (os.environ[VARIABLE],)
    screen = ("vtkXOpenGLRenderWindow",) if os.environ.get("DISPLAY") else ()
    if sys.platform == "win32":
        return ("vtkWin32OpenGLRenderWindow",)
    if sys.platform == "darwin":
        return ("vtkCocoaRenderWindow",)
    return (*screen, "vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")


def _start(window: str) -> subprocess.Popen[bytes]:
    """A child process that draws one pixel with that window class."""
    environment = {**os.environ, VARIABLE: window}
    return subprocess.Popen(
        [sys.executable, "-c", _PROBE], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _answers(child: subprocess.Popen[bytes]) -> bool:
    """Whether the child drew its pixel in time."""
    try:
        output, _ = child.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return False
    return child.returncode == 0 and b"OpenGL" in output
