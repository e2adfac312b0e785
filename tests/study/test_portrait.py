"""Drawings of straight lines: exact with enough of them, and cut into as many pieces as geometry allows."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.errors import FileError, InputError
from landscape.study.portrait import _pieces, _pixels, draw, read_photo


def test_a_picture_of_few_straight_lines_is_drawn_exactly_with_enough_of_them() -> None:
    photo = read_photo(side=16)
    few, many = draw(photo, 4, seeds=range(2)), draw(photo, 400, seeds=range(2))
    assert np.all(few.noise < many.noise)
    # more lines than pixels: the fit is exact up to rounding
    assert np.all(many.noise > 100)
    # n lines in general position cut the plane into at most 1 + n + n (n - 1) / 2 pieces
    assert np.all(few.pieces <= 11)


def test_two_lines_across_the_picture_cut_it_into_quarters() -> None:
    normals, offsets = np.eye(2), np.zeros(2)
    pieces = _pieces(_pixels((4, 4)), normals, offsets).reshape(4, 4)
    assert len(np.unique(pieces)) == 4
    assert all(
        len(np.unique(pieces[rows, columns])) == 1
        for rows in (slice(2), slice(2, 4))
        for columns in (slice(2), slice(2, 4))
    )


def test_pixels_are_squares_and_the_longer_side_reaches_from_minus_one_to_one() -> None:
    across, down = _pixels((2, 4)).reshape(2, 4, 2).transpose(2, 0, 1)
    assert across[0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert down[:, 0].tolist() == [-0.25, 0.25]


def test_a_picture_is_read_as_grey_values_from_0_to_1(tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    Image.fromarray(np.repeat(np.array([[0, 255]], dtype=np.uint8), 2, axis=0)).resize((8, 4), 0).save(path)
    photo = read_photo(str(path), side=8)
    assert photo.shape == (4, 8)
    assert (photo[:, :4].max(), photo[:, 4:].min()) == (0, 1)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("text")
    with pytest.raises(FileError, match="cannot be read as a picture"):
        read_photo(str(tmp_path / "no.png"))
    with pytest.raises(InputError, match="at least one line"):
        draw(np.zeros((2, 2)), 0, seeds=range(1))
