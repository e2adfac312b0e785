"""Pictures of records, without torch. The module can be called: ``landscape.render(surface, "wide.pdf")``."""

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    # ``landscape.render`` is a room and the verb of that room; importing the room would hide a function of its name.
    def __call__(self, records: Any, path: Any, **options: Any) -> Any:
        """Draw a figure, a page or a film, as the suffix says: the options are those of the function that draws it."""
        from importlib import import_module
        from pathlib import Path

        suffix = Path(path).suffix.lower()
        homes = {".html": "web", ".htm": "web", ".mp4": "movie", ".webm": "movie", ".gif": "movie"}
        home = homes.get(suffix, "figure")
        verb = {"web": "render_page", "movie": "render_film", "figure": "render"}[home]
        return getattr(import_module(f"landscape.render.{home}"), verb)(records, path, **options)


sys.modules[__name__].__class__ = _Callable
