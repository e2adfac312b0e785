"""Whole pages around fragments: one head, one style, one script, and a policy that lets nothing else in."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader
from markupsafe import Markup

from landscape.version import __version__

# They share one scope, in this order.
SCRIPTS = ("geometry.js", "painter.js", "camera.js", "panel.js", "component.js")


def page(title: str, body: str) -> str:
    """A whole page around HTML fragments; its policy lets nothing in but its own style and script."""
    return document("page.html", title, body=Markup(body))


def document(name: str, title: str, *, sheets: Sequence[str] = (), **words: Any) -> str:
    """A page from a template that extends ``document.html``.

    Args:
        name: of the template in ``assets/``.
        title: of the page.
        sheets: style sheets of its own, beside `style`.
        words: what the template asks for.
    """
    html: str = template(name).render(
        title=title,
        sheets=[Markup(sheet) for sheet in (style(), *sheets)],
        script=Markup(script()),
        policy=policy(sheets),
        version=__version__,
        **words,
    )
    return html


@cache
def style() -> str:
    """The style sheet that components need, once in a page."""
    return asset("surface.css")


@cache
def script() -> str:
    """The script that components need, once in a page and after them."""
    return '"use strict";\n(() => {\n' + "\n".join(map(asset, SCRIPTS)) + "})();\n"


def policy(sheets: Sequence[str] = ()) -> str:
    """A Content-Security-Policy under which nothing is requested from anywhere, and no other script or style runs.

    Args:
        sheets: style sheets of the page's own, beside `style`, as they stand between the tags.
    """
    styles = " ".join(_digest(text) for text in (style(), *sheets))
    return f"default-src 'none'; style-src {styles}; script-src {_digest(script())}; img-src data:; base-uri 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def asset(name: str) -> str:
    """The text of a file in ``assets/``."""
    return files("landscape.rendering.page").joinpath("assets", name).read_text(encoding="utf-8")


def template(name: str) -> Any:
    """The Jinja2 template of that name there; it escapes what it is given."""
    return Environment(autoescape=True, loader=FunctionLoader(asset)).get_template(name)
