"""Study 9, portrait: a photograph drawn with straight edges, few against many.

A network of one hidden layer of rectified units, grey value from coordinates: each unit folds the picture along one
straight line, and between the lines the picture is linear. The lines are drawn at random, the outer layer is solved
exactly by least squares, so that no better training could help: the error that is left comes from too few lines.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq
from tqdm import tqdm

from landscape.errors import FileError, InputError
from landscape.records.base import FloatArray
from landscape.records.findings import Picture, Plot, Remark, StudyResult
from landscape.statistics.verdicts import order_verdict
from landscape.study.settings import Settings
from landscape.study.shared import at_width, curve, pair_of, provenance_of

CLAIM = "Drawing a portrait with few straight lines fails, however well one draws; with many it succeeds."
REFUTATION = "a narrow network whose best picture is as close to the photograph as the wide one's"
WIDTHS = (8, 32, 128, 512, 2048)
SIDE = 64
# The face in matplotlib's sample portrait: left, upper, right, lower.
FACE = (130, 20, 400, 380)
ENLARGEMENT = 5


@dataclass(frozen=True, eq=False)
class Drawing:
    """The pictures that the members of one width draw.

    Args:
        width: hidden units, each a straight line across the picture.
        P: trained parameters, one per line and one for the ground.
        noise: peak signal-to-noise ratio of each member's picture, dB, shape (members,).
        pieces: linear pieces seen on the enlarged grid, shape (members,).
        picture: of member 0, enlarged.
        where: number of the piece that each of its pixels lies in.
    """

    width: int
    P: int
    noise: FloatArray
    pieces: FloatArray
    picture: FloatArray
    where: FloatArray


def study(settings: Settings) -> StudyResult:
    """Drawings of one photograph with few and with many straight lines, side by side."""
    photo = read_photo(settings.image)
    widths = settings.widths or WIDTHS
    members = settings.members or settings.pick(quick=3, full=8)
    bar = tqdm(widths, desc="portrait", unit="width", disable=not settings.progress)
    seeds = range(settings.seed, settings.seed + members)
    drawings = {width: draw(photo, width, seeds=seeds) for width in bar}
    pair = [drawings[width] for width in pair_of(widths)]
    close = [at_width("closeness to the photograph", drawing.width, drawing.noise, "dB PSNR") for drawing in pair]
    pieces = [at_width("linear pieces seen", drawing.width, drawing.pieces, "pieces") for drawing in pair]
    photograph = Picture("photograph", photo, np.full(photo.shape, -1.0))
    return StudyResult(
        name="portrait",
        title="A portrait of straight lines",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=order_verdict(close[0], "below", close[1]),
        numbers=(*close, *pieces),
        remarks=(Remark("The narrow network has fewer linear pieces.", order_verdict(pieces[0], "below", pieces[1])),),
        plots=(_plot(photo, list(drawings.values())),),
        pictures=(photograph, *map(_picture, pair)),
        command=settings.reproduce("portrait"),
        provenance=provenance_of(settings, **_words(settings, photo, list(drawings.values()), members)),
    )


def read_photo(path: str | None = None, *, side: int = SIDE) -> FloatArray:
    """Grey values in [0, 1] of a picture, its longer side ``side`` pixels; matplotlib's sample portrait by default.

    Raises:
        FileError: the file cannot be read as a picture.
    """
    from matplotlib import cbook
    from PIL import Image, UnidentifiedImageError

    source = path or cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    try:
        with Image.open(source) as image:
            grey = image.convert("L") if path else image.convert("L").crop(FACE)
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise FileError(f"{path} cannot be read as a picture ({error}); name a PNG or JPEG file") from error
    scale = side / max(grey.size)
    across, down = (max(2, round(scale * length)) for length in grey.size)
    small = grey.resize((across, down), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64) / 255


def draw(photo: FloatArray, width: int, *, seeds: range) -> Drawing:
    """The closest drawing with ``width`` random straight folds, for each seed.

    Raises:
        InputError: less than one line.
    """
    if width < 1:
        raise InputError(f"a drawing needs at least one line, got {width}")
    shape = (ENLARGEMENT * photo.shape[0], ENLARGEMENT * photo.shape[1])
    coarse, fine = _pixels(photo.shape), _pixels(shape)
    noise, pieces, first = [], [], None
    for seed in seeds:
        normals, offsets = _lines(width, seed)
        features = _features(coarse, normals, offsets)
        # more lines than pixels leave the system without full rank, which gelsy takes
        outer = lstsq(features, photo.ravel(), lapack_driver="gelsy")[0]
        noise.append(-10 * np.log10(np.square(features @ outer - photo.ravel()).mean()))
        where = _pieces(coarse, normals, offsets)
        pieces.append(float(where.max() + 1))
        if first is None:
            rows = np.array_split(fine, len(fine) // 1024 + 1)
            picture = np.concatenate([_features(block, normals, offsets) @ outer for block in rows]).reshape(shape)
            first = np.clip(picture, 0, 1), _pieces(fine, normals, offsets).reshape(shape).astype(np.float64)
    assert first is not None
    return Drawing(width, width + 1, np.array(noise), np.array(pieces), *first)


def _lines(width: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Unit normals (2, width) of every direction alike, and offsets of lines through points spread over the picture."""
    generator = np.random.default_rng(seed)
    angle = generator.uniform(0, 2 * np.pi, width)
    normals = np.stack([np.cos(angle), np.sin(angle)])
    through = generator.uniform(-1, 1, (width, 2))
    return normals, np.einsum("wd,dw->w", through, normals)


def _features(inputs: FloatArray, normals: FloatArray, offsets: FloatArray) -> FloatArray:
    """Rectified distances from every line, and a constant, (pixels, width + 1)."""
    distances = np.maximum(inputs @ normals - offsets, 0)
    return np.concatenate([distances, np.ones((len(inputs), 1))], axis=1)


def _pieces(inputs: FloatArray, normals: FloatArray, offsets: FloatArray) -> NDArray[np.intp]:
    """The number of the linear piece that each input lies in: those on one piece are on the same side of every line."""
    blocks = np.array_split(inputs, len(inputs) // 1024 + 1)
    # one bit a line, and the bits of a pixel as one opaque value that sorts fast
    sides = np.concatenate([np.packbits(block @ normals > offsets, axis=1) for block in blocks])
    rows = np.ascontiguousarray(sides).view(np.dtype((np.void, sides.shape[1]))).ravel()
    return np.unique(rows, return_inverse=True)[1]


def _pixels(shape: tuple[int, ...]) -> FloatArray:
    """Centres of the pixels, the longer side from -1 to 1, shape (height * width, 2)."""
    down, across = ((2 * np.arange(size) + 1 - size) / max(shape) for size in shape)
    return np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)


def _picture(drawing: Drawing) -> Picture:
    return Picture(f"{drawing.width} lines: {drawing.noise[0]:.1f} dB", drawing.picture, drawing.where)


def _plot(photo: FloatArray, drawings: list[Drawing]) -> Plot:
    x = np.array([drawing.P for drawing in drawings]) / photo.size
    series = (curve("closeness", x, np.array([drawing.noise for drawing in drawings])),)
    return Plot("Closeness to the photograph", "parameters per pixel, P / N", "peak signal to noise (dB)", series)


def _words(settings: Settings, photo: FloatArray, drawings: list[Drawing], members: int) -> dict[str, Any]:
    return {
        "image": "matplotlib sample data, grace_hopper.jpg" if settings.image is None else Path(settings.image).name,
        "digest": hashlib.sha256(np.ascontiguousarray(photo).tobytes()).hexdigest(),
        "N": int(photo.size),
        "K": 1,
        "widths": [drawing.width for drawing in drawings],
        "P": [drawing.P for drawing in drawings],
        "members": members,
        "fit": "random lines, outer layer by least squares",
    }
