"""One verb for every picture: the suffix of the file says whether it is a figure, a page or a film."""

from importlib import import_module
from pathlib import Path
from typing import Any


def render(records: Any, path: Any, **options: Any) -> Any:
    """Draw a figure, a page or a film, as the suffix says: the options are those of the function that draws it."""
    suffix = Path(path).suffix.lower()
    homes = {".html": "page.web", ".htm": "page.web", ".mp4": "film.movie", ".webm": "film.movie", ".gif": "film.movie"}
    home = homes.get(suffix, "figure")
    verb = {"page.web": "render_page", "film.movie": "render_film", "figure": "render"}[home]
    return getattr(import_module(f"landscape.rendering.{home}"), verb)(records, path, **options)
