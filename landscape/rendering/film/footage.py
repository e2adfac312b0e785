"""Frames drawn by several processes and written as a film: MP4, WebM or GIF."""

import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from landscape.errors import DisplayError
from landscape.files.replace import replacement
from landscape.rendering.film.projector import Projector
from landscape.rendering.film.shots import ShotList
from landscape.rendering.write import picture_errors
from landscape.version import __version__

GIF_WORDS = "[0:v]split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=sierra2_4a"
CODECS: dict[str, dict[str, Any]] = {
    ".mp4": {
        "codec": "libx264",
        "pix_fmt_out": "yuv420p",
        "output_params": ["-crf", "20", "-preset", "medium", "-movflags", "+faststart", "-f", "mp4"],
    },
    ".webm": {
        "codec": "libvpx-vp9",
        "pix_fmt_out": "yuv420p",
        "output_params": ["-crf", "30", "-b:v", "0", "-cpu-used", "5", "-row-mt", "1", "-f", "webm"],
    },
    ".gif": {"codec": "gif", "pix_fmt_out": "pal8", "output_params": ["-filter_complex", GIF_WORDS, "-f", "gif"]},
}


def write_film(shots: ShotList, target: Path, fps: int, processes: int, *, progress: bool) -> None:
    """Draw all frames of a shot list in so many processes, and write them at ``target`` when the last one is there."""
    import imageio_ffmpeg

    comment = f"Drawn by landscape {__version__}"
    options = CODECS[target.suffix.lower()]
    parameters = ["-metadata", f"comment={comment}", *options["output_params"]]
    with picture_errors(target), replacement(target) as temporary:
        settings = {
            **options,
            "output_params": parameters,
            "fps": fps,
            "macro_block_size": 2,
            "ffmpeg_log_level": "error",
        }
        film = imageio_ffmpeg.write_frames(str(temporary), shots.size, **settings)
        film.send(None)
        try:
            for frame in tqdm(_frames(shots, processes), total=shots.count, desc="film", disable=not progress):
                film.send(frame)
        finally:
            film.close()
        if target.suffix.lower() == ".gif":
            _comment(temporary, comment)


def _comment(path: Path, words: str) -> None:
    """A comment block before the last byte of a GIF: FFmpeg writes none."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x21\xfe" + bytes([len(words)]) + words.encode() + b"\x00" + content[-1:])


def _frames(shots: ShotList, processes: int) -> Iterator[bytes]:
    """All frames in order, each process drawing every ``processes``-th one."""
    size = 3 * shots.size[0] * shots.size[1]
    with ExitStack() as stack:
        children = [stack.enter_context(_child(shots, start, processes)) for start in range(processes)]
        for child in children:
            stack.callback(child.kill)
        for index in range(shots.count):
            child = children[index % processes]
            assert child.stdout is not None
            frame = child.stdout.read(size)
            if len(frame) != size:
                raise DisplayError(
                    f"frame {index} could not be drawn: the process that draws ended with {child.wait()}"
                )
            yield frame


def _child(shots: ShotList, start: int, step: int) -> subprocess.Popen[bytes]:
    """A process of its own, whatever the caller's main module is; the shot list goes in, frames come out."""
    code = "import sys; from landscape.rendering.film.footage import work; work(sys.stdin.buffer, sys.stdout.buffer)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert child.stdin is not None
    payload = pickle.dumps((shots, start, step))
    child.stdin.write(struct.pack("<Q", len(payload)) + payload)
    child.stdin.flush()
    return child


def work(source: IO[bytes], sink: IO[bytes]) -> None:
    """Draw the frames that are asked for on ``source`` and write them to ``sink``: the main of a child process."""
    (length,) = struct.unpack("<Q", source.read(8))
    shots, start, step = pickle.loads(source.read(length))
    projector = Projector(shots)
    for index in range(start, shots.count, step):
        sink.write(projector.draw(index))
        sink.flush()
