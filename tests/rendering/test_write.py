"""Pictures are written whole or not at all, and never over a file of another program."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from landscape.errors import FileError, InputError
from landscape.rendering.write import check_free, check_target, picture_path, write_figure, write_text


def figure() -> Figure:
    plain = Figure(figsize=(1, 1))
    plain.add_subplot().plot([0, 1])
    return plain


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg", ".PNG"])
def test_a_picture_of_ours_may_be_replaced_and_one_of_others_not(suffix: str, tmp_path: Path) -> None:
    target = tmp_path / f"a{suffix}"
    write_figure(figure(), target, 40)
    check_target(target)
    target.write_bytes(b"made by another program")
    with pytest.raises(FileError, match="exists and was not drawn by landscape; choose another name"):
        check_target(target)
    check_target(target, force=True)
    assert target.read_bytes() == b"made by another program"
    assert list(tmp_path.iterdir()) == [target]


def test_the_same_figure_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        write_figure(figure(), tmp_path / name, 40)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes(), "no date stands in it"


def test_the_suffix_names_the_format() -> None:
    assert picture_path("x/a.SVG") == Path("x/a.SVG")
    with pytest.raises(InputError, match=r"cannot draw to 'a\.gif': the suffix must be one of \.png, \.pdf, \.svg"):
        picture_path("x/a.gif")


def test_a_drawing_that_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"before")
    broken = figure()
    broken.axes[0].set_title("$\\nothing$")
    with pytest.raises(ValueError, match="nothing"):
        write_figure(broken, target, 40)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    write_text("text", file)
    for target, reason in ((tmp_path / "none" / "a.png", "No such file"), (file / "a.png", "Not a directory")):
        with pytest.raises(FileError, match=rf"^cannot write {target} \({reason}[^\n]*; choose a folder[^\n]*$"):
            check_free(target)
        with pytest.raises(FileError, match="cannot write"):
            write_figure(figure(), target, 40)
    assert file.read_text() == "text"
