"""Frames come from several processes and in order."""

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
from problems import bowl

from landscape.errors import DisplayError
from landscape.rendering.film.footage import _comment, _frames, work
from landscape.rendering.film.projector import Projector


def test_a_process_draws_every_second_frame_from_its_first(make_shots: Any) -> None:
    shots = make_shots("orbit", bowl(points=5), count=4)
    order, sink = pickle.dumps((shots, 1, 2)), io.BytesIO()
    work(io.BytesIO(struct.pack("<Q", len(order)) + order), sink)
    projector = Projector(shots)
    assert sink.getvalue() == projector.draw(1) + projector.draw(3)


def test_frames_of_two_processes_come_in_the_order_of_the_film(make_shots: Any) -> None:
    shots = make_shots("orbit", bowl(points=5), count=3)
    projector = Projector(shots)
    assert list(_frames(shots, 2)) == [projector.draw(k) for k in range(3)]


def test_a_process_that_cannot_draw_ends_the_film_with_one_line(make_shots: Any) -> None:
    shots = make_shots("flight", bowl(points=5))  # a bowl has no path
    with pytest.raises(DisplayError, match=r"^frame 0 could not be drawn: the process that draws ended with 1$"):
        list(_frames(shots, 1))


def test_the_comment_of_a_gif_stands_before_its_last_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a...;")
    _comment(path, "abc")
    assert path.read_bytes() == b"GIF89a...\x21\xfe\x03abc\x00;"
