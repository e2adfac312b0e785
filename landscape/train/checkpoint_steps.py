"""The training step of each checkpoint of a path: from what the files count, else from their names."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath

from landscape.errors import InputError
from landscape.train.state_files import STEP_FIELDS

# Words for the fields in file names; "ep1", "epoch=2", "step_100", "iter-5".
_FIELDS = {
    "global_step": r"global[-_ ]?steps?",
    "step": r"steps?",
    "iter": r"iter(?:ation)?s?|itr|it",
    "epoch": r"epochs?|ep",
}
_NUM_SHOWN = 6

Steps = Sequence[float | None]


def steps_of(names: Sequence[str], counts: Sequence[Mapping[str, float]]) -> list[float]:
    """The step of each checkpoint, from the first source that gives every one of them a step of its own.

    A number with a decimal point, one that is assigned to another word (``val_loss=3``) and one that all names share
    (``resnet-18``) is no step.

    Args:
        names: of the files or folders.
        counts: what each of them counts, name of the field -> number.

    Raises:
        InputError: no source gives steps, two sources disagree on the order, or two checkpoints have the same step;
            shows the order that was read.
    """
    in_files = {f"{field!r} in the files": [count.get(field) for count in counts] for field in STEP_FIELDS}
    stems = [_stem(name) for name in names]
    in_names = {f"{field!r} in their names": [_field(word, stem) for stem in stems] for field, word in _FIELDS.items()}
    duplicates: dict[str, list[float]] = {}
    for sources in (_complete(in_files), _complete(in_names)):
        unique = {name: steps for name, steps in sources.items() if len(set(steps)) == len(steps)}
        if unique:
            return _in_agreement(next(iter(unique)), duplicates | sources, names)
        duplicates |= sources
    return _in_agreement(*_plain(stems, names, duplicates), names)


def _complete(sources: Mapping[str, Steps]) -> dict[str, list[float]]:
    """The sources that know of every checkpoint."""
    whole = {name: [step for step in steps if step is not None] for name, steps in sources.items()}
    return {name: steps for name, steps in whole.items() if len(steps) == len(sources[name])}


def _in_agreement(first: str, sources: Mapping[str, list[float]], names: Sequence[str]) -> list[float]:
    """The steps of the first source, unless another one contradicts its order."""
    steps = sources[first]
    order = sorted(range(len(steps)), key=steps.__getitem__)
    for source, values in sources.items():
        if any(values[b] < values[a] for a, b in pairwise(order)):
            raise InputError(
                f"{first} and {source} disagree on their order ({_listing(steps, names)} by the first, "
                f"{_listing(values, names)} by the second); name them by their step, step-100.pt"
            )
    return steps


def _plain(
    stems: Sequence[str], names: Sequence[str], duplicates: Mapping[str, list[float]]
) -> tuple[str, dict[str, list[float]]]:
    """The one number of the names that differs from file to file, standing alone or else behind a word."""
    if len(names) == 1:
        numbers = _alone(stems[0])
        return "the name", {"the name": [numbers[0] if len(numbers) == 1 else 0.0]}
    listing = ", ".join(names[:_NUM_SHOWN]) + (", ..." if len(names) > _NUM_SHOWN else "")
    problem = f"neither they nor their names say which step they are ({listing})"
    for rows in ([_alone(stem) for stem in stems], [_behind_words(stem) for stem in stems]):
        columns = [list(column) for column in zip(*rows, strict=False) if len(set(column)) > 1]
        if len({len(row) for row in rows}) > 1 or len(columns) > 1:
            problem = f"their names hold several plain numbers that differ, or not all of them hold one ({listing})"
            break
        if columns and len(set(columns[0])) == len(names):
            return "the number in their names", {**duplicates, "the number in their names": columns[0]}
        if columns and not duplicates:
            duplicates = {"the number in their names": columns[0]}
    if duplicates:
        first, steps = next(iter(duplicates.items()))
        problem = f"by {first} several have the same step ({_listing(steps, names)})"
    raise InputError(f"{problem}; name them by their step, step-100.pt")


def _stem(name: str) -> str:
    """The name without the suffix of a file."""
    return PurePath(name).stem if re.fullmatch(r"\.[a-z]\w*", PurePath(name).suffix) else name


def _field(word: str, stem: str) -> float | None:
    """The number behind a word in a name; None where there is none, or two."""
    matches = re.findall(rf"(?:^|[^a-z])(?<!global.)(?:{word})[-_= ]?(\d+)(?![\d.]*\d|[a-z])", stem, re.IGNORECASE)
    return float(matches[0]) if len(matches) == 1 else None


def _alone(stem: str) -> list[float]:
    """Whole numbers between separators; none that is assigned to a word."""
    numbers = re.findall(r"(?:^|(?<=[-_ .]))(\d+)(?=$|[-_ ]|\.(?!\d))", _without_decimals(stem))
    return [float(number) for number in numbers]


def _behind_words(stem: str) -> list[float]:
    """Whole numbers at the end of a word that is no measure."""
    words = re.findall(r"(?:^|(?<=[-_ .]))([a-z]+)(\d+)(?=$|[-_ ])", _without_decimals(stem), re.IGNORECASE)
    return [float(number) for word, number in words if not re.search(r"acc|loss|err|seed|lr|top|f$|v$", word.lower())]


def _without_decimals(stem: str) -> str:
    """The name without its decimal numbers."""
    return re.sub(r"\d+\.\d+(?:e[-+]?\d+)?", "", stem)


def _listing(steps: Sequence[float], names: Sequence[str]) -> str:
    order = sorted(range(len(steps)), key=steps.__getitem__)
    listing = ", ".join(f"{names[index]} is {steps[index]:g}" for index in order[:_NUM_SHOWN])
    return listing + (", ..." if len(order) > _NUM_SHOWN else "")
