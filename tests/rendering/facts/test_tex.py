"""The LaTeX file: it compiles, quotes every number by a macro, and takes any name."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from problems import bowl

import landscape
from landscape.errors import InputError
from landscape.rendering.facts.tex import escape, macro_stem


def test_every_number_of_the_caption_is_a_macro_of_letters(tmp_path: Path) -> None:
    drawn = landscape.render([bowl(), bowl()], tmp_path / "two-bowls.pdf", draw="contour", with_tex=True)
    assert drawn.tex is not None
    text = drawn.tex.read_text()
    macros = dict(re.findall(r"\\renewcommand\{\\([A-Za-z]+)\}\{(.*)\}", text))
    assert macros["twoBowlsAHalfWidth"] == "0.71"
    assert macros["twoBowlsBPoints"] == "1{,}681"
    assert r"\twoBowlsAHalfWidth{} [\twoBowlsAHalfWidthLow{}, " in text
    assert "half-width 0.71 [0.71, 0.71] filter norms" in drawn.caption


def test_names_survive_latex() -> None:
    assert escape("a_b & 5 % {#} $x_1$") == r"a\_b \& 5 \% \{\#\} $x_1$"
    assert macro_stem("2024-fig.b") == "TwoZeroTwoFourFigB"


def test_a_picture_that_latex_cannot_include_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="LaTeX includes PDF and PNG"):
        landscape.render(bowl(), tmp_path / "a.svg", with_tex=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_the_file_compiles(tmp_path: Path) -> None:
    landscape.render([bowl(), bowl()], tmp_path / "pair_1.pdf", draw="contour", width="text", with_tex=True)
    body = r"\documentclass{article}\usepackage{graphicx}\begin{document}\input{pair_1}\input{pair_1}"
    (tmp_path / "paper.tex").write_text(body + r" Quoted: \pairOneAHalfWidth.\end{document}")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
