"""The settings of a study: data, widths, members, steps and seed, from which every study derives its sweep."""

import hashlib
import json
import shlex
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from landscape.defaults import DATASET, RUNS
from landscape.errors import InputError

FULL_WIDTHS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512)
QUICK_WIDTHS = (2, 3, 4, 6, 8, 16, 32, 64, 128, 256, 512)
IMAGE_WIDTHS = (4, 32, 256)
WIDEST = 65_536
LARGE = ("mnist", "fashion-mnist", "cifar10")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Settings:
    """The settings that all studies share; they fix every number.

    Args:
        dataset: name or ``.npz`` file, see `load_dataset`.
        data_dir: folder of the data set's files.
        quick: smaller sweeps: fewer widths, members, steps and directions.
        seed: of member 0, and of everything else that is drawn.
        widths: instead of the study's own.
        members: instead of the study's own.
        steps: optimizer steps, instead of the study's own.
        num_train: training examples, instead of the study's own.
        image: picture for the portrait study; matplotlib's sample portrait by default.
        runs: folder that trained networks and results are kept in.
        device: where networks are trained and measured.
        progress: bars on stderr.
        command: stored with the results.

    Raises:
        InputError: fewer than two widths or members, no steps or examples, or a negative seed.
    """

    dataset: str = DATASET
    data_dir: str | None = None
    quick: bool = False
    seed: int = 0
    widths: tuple[int, ...] | None = None
    members: int | None = None
    steps: int | None = None
    num_train: int | None = None
    image: str | None = None
    runs: str | Path = RUNS
    device: torch.device | str = "cpu"
    progress: bool = True
    command: str = ""

    def __post_init__(self) -> None:
        if self.widths is not None:
            if len(set(self.widths)) < 2 or min(self.widths) < 1 or max(self.widths) > WIDEST:
                raise InputError(f"a study compares at least two widths from 1 to {WIDEST:,}, got {list(self.widths)}")
            object.__setattr__(self, "widths", tuple(sorted(set(self.widths))))
        if self.members is not None and self.members < 2:
            raise InputError(f"members must be at least 2, for an interval over them, got {self.members}")
        if self.steps is not None and self.steps < 1:
            raise InputError(f"steps must be at least 1, got {self.steps}")
        if self.num_train is not None and self.num_train < 1:
            raise InputError(f"num_train must be at least 1, got {self.num_train}")
        if self.seed < 0:
            raise InputError(f"seed must not be negative, got {self.seed}")

    @property
    def small(self) -> bool:
        """Whether the data are few, as the bundled digits, so that whole sweeps take minutes and not hours."""
        return self.dataset not in LARGE

    @property
    def data(self) -> dict[str, Any]:
        """The keyword arguments of `load_dataset`."""
        data: dict[str, Any] = {"name": self.dataset}
        if self.data_dir is not None:
            data["data_dir"] = self.data_dir
        num_train = self.num_train or (None if self.small else (5_000 if self.quick else 10_000))
        return data if num_train is None else data | {"num_train": num_train}

    def pick(self, *, quick: Value, full: Value) -> Value:
        """The first of two values where the study is quick, else the second."""
        return quick if self.quick else full

    @property
    def main_widths(self) -> tuple[int, ...]:
        """Widths of the sweep that most studies share."""
        if self.widths is not None:
            return self.widths
        return self.pick(quick=QUICK_WIDTHS, full=FULL_WIDTHS) if self.small else IMAGE_WIDTHS

    @property
    def num_members(self) -> int:
        """Members of the shared sweep."""
        return self.members or self.pick(quick=5, full=8)

    def key(self, *parts: object) -> str:
        """Eight characters that stand for these settings, without folders and devices, and for further parts."""
        # the same numbers wherever they are measured and kept
        plain = replace(self, runs="", device="", progress=True, command="")
        files = {"image": None if self.image is None else _file_digest(self.image)}
        if Path(self.dataset).is_file():
            files["dataset_file"] = _file_digest(self.dataset)
        text = json.dumps([asdict(plain) | files, *map(str, parts)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def reproduce(self, name: str) -> str:
        """The command that repeats a study."""
        words = ["landscape study", name]
        for option in ("dataset", "data_dir", "members", "steps", "num_train", "image"):
            value = getattr(self, option)
            if value is not None and value != DATASET:
                words.append(f"--{option.replace('_', '-')} {shlex.quote(str(value))}")
        words += ["--widths " + ",".join(map(str, self.widths))] if self.widths else []
        words += ["--quick"] if self.quick else []
        return " ".join([*words, f"--seed {self.seed}"])


def _file_digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; name a PNG or JPEG file") from error
