"""LaTeX: a picture with its caption as a file to input, every number a macro; and text that LaTeX sets itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text

from landscape.errors import DisplayError, InputError
from landscape.rendering.facts.caption import Caption
from landscape.version import __version__

WIDER_THAN_A_COLUMN = 4.0
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {char: f"\\{char}" for char in "&%#_{}"}
SYMBOLS = {
    "\u2212": "$-$",
    "\u2265": r"$\geq$",
    "\u2264": r"$\leq$",
    "\u00d7": r"$\times$",
    "\u03b1": r"$\alpha$",
    "\u03b2": r"$\beta$",
}
DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def check_format(target: Path) -> None:
    """Refuse a picture that LaTeX cannot include.

    Raises:
        InputError: an SVG.
    """
    if target.suffix.lower() == ".svg":
        raise InputError(f"LaTeX includes PDF and PNG, not {target.name}; draw to {target.with_suffix('.pdf').name}")


def document(caption: Caption, picture: Path, width: float) -> str:
    """The LaTeX file: macros, then a figure with the picture at its true size, so that its font size is the true one.

    Args:
        caption: the caption with its numbers.
        picture: included by its name, from the folder of the document.
        width: of the picture, inches; more than a column makes a figure across both.
    """
    stem = macro_stem(picture.stem)
    # Placeholders survive the escaping; names in braces that are no numbers stay as they were written.
    body = escape(" ".join(caption.sentences), keep=r"\{[A-Za-z]+\}")
    body = re.sub(
        r"\{([A-Za-z]+)\}", lambda match: rf"\{stem}{match[1]}{{}}" if match[1] in caption.numbers else match[0], body
    )
    kind = "figure*" if width > WIDER_THAN_A_COLUMN else "figure"
    # Defined anew where they exist, so that a document can input the file twice.
    macros = [
        rf"\providecommand{{\{stem}{name}}}{{}}\renewcommand{{\{stem}{name}}}{{{_number(value)}}}"
        for name, value in caption.numbers.items()
    ]
    lines = [
        f"% Drawn by landscape {__version__}",
        r"% In the preamble: \usepackage{graphicx}; \input this file where the figure belongs.",
        *macros,
        rf"\begin{{{kind}}}[tbp]",
        r"  \centering",
        rf"  \includegraphics{{{picture.name}}}",
        rf"  \caption{{{body}}}",
        rf"  \label{{fig:{re.sub(r'[^A-Za-z0-9-]', '-', picture.stem)}}}",
        rf"\end{{{kind}}}",
    ]
    return "\n".join(lines) + "\n"


def macro_stem(name: str) -> str:
    """Letters that LaTeX accepts as the start of a macro's name, from the name of a file.

    >>> macro_stem("pair"), macro_stem("wide-4_b")
    ('pair', 'wideFourB')
    """
    words = re.findall(r"[A-Za-z]+|[0-9]", name) or ["figure"]
    parts = [DIGITS[int(word)] if word.isdigit() else word for word in words]
    return parts[0] + "".join(word[0].upper() + word[1:] for word in parts[1:])


def escape(text: str, *, keep: str = r"(?!)") -> str:
    """Text as LaTeX sets it literally; formulas between dollars, and what matches ``keep``, stay as they are.

    >>> escape("50 % of $P$ in a_b")
    '50 \\\\% of $P$ in a\\\\_b'
    """
    parts = re.split(rf"(\$[^$]*\$|{keep})", text)
    # odd parts are what the pattern kept
    return "".join(part if k % 2 else _plain(part) for k, part in enumerate(parts))


def prepare(figure: Figure) -> None:
    """Make every text of a figure fit for LaTeX, which sets it when the figure is written."""
    for text in figure.findobj(Text):
        words = text.get_text()
        if words:
            text.set_text(escape(words))


@contextmanager
def latex_errors(usetex: bool) -> Iterator[None]:
    """Report an error of LaTeX, where LaTeX sets the text, in one line.

    Raises:
        DisplayError: LaTeX or one of its packages is missing.
    """
    try:
        yield
    except RuntimeError as error:
        if not usetex:
            raise
        reason = next((line for line in str(error).splitlines() if line.startswith("!")), str(error).splitlines()[0])
        raise DisplayError(
            f"LaTeX could not set the text of the figure ({reason.strip('! ')}); install it whole, as in: "
            "apt-get install texlive-latex-extra cm-super dvipng; or draw without --usetex"
        ) from None


def _plain(text: str) -> str:
    text = "".join(SPECIAL.get(char, char) for char in text)
    return "".join(SYMBOLS.get(char, char) for char in text)


def _number(value: str) -> str:
    mantissa, power, exponent = value.partition("e")
    if power and exponent.lstrip("+-").isdigit():
        return rf"\ensuremath{{{mantissa}\times10^{{{int(exponent)}}}}}"
    return rf"\ensuremath{{{value}}}" if value.startswith("-") else value.replace(",", "{,}")
