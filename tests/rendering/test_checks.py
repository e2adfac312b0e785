"""What cannot be written is refused before the long work, by the kind of picture that the suffix names."""

from pathlib import Path

import pytest

from landscape.errors import FileError, InputError
from landscape.rendering.render import check_picture


@pytest.mark.parametrize("name", ["a.png", "a.PDF", "a.svg", "a.html", "a.gif"])
def test_a_free_place_is_fine_and_stays_free(name: str, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    check_picture(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.png", "a.html", "a.gif"])
def test_what_others_made_is_replaced_only_by_force(name: str, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    (tmp_path / name).write_bytes(b"holiday")
    with pytest.raises(FileError, match="--force"):
        check_picture(tmp_path / name)
    check_picture(tmp_path / name, force=True)
    assert (tmp_path / name).read_bytes() == b"holiday"


def test_the_latex_file_beside_a_picture_is_looked_at_too(tmp_path: Path) -> None:
    (tmp_path / "a.tex").write_text("mine")
    check_picture(tmp_path / "a.pdf")
    with pytest.raises(FileError, match=r"a\.tex"):
        check_picture(tmp_path / "a.pdf", with_tex=True)


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the suffix must be one of \.png, \.pdf, \.svg"):
        check_picture(tmp_path / "a.bmp")
