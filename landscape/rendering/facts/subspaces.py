"""The subspace of a record in words, read from the recipe that the record carries."""

from collections.abc import Sequence

from landscape.records.directions import Direction, Eigenvector, Gradient, NamedDirection, RandomDirection
from landscape.records.recipe import (
    ConnectionRecipe,
    CorridorRecipe,
    CurveRecipe,
    DirectionsRecipe,
    InputRecipe,
    NetworksRecipe,
    PathLineRecipe,
    PathPlaneRecipe,
    RandomRecipe,
    SubspaceRecipe,
)
from landscape.records.sampled import Sampled, Surface

NORMALIZATIONS = {"filter": "filter-normalized", "layer": "layer-normalized", "none": "unscaled"}
EIGENVALUES = {"top": "largest", "second": "second largest", "bottom": "smallest"}
FORMS = {"bezier": "Bezier curve", "polygon": "polygonal chain", "curve": "curve"}


def subspace_words(record: Sampled, *, plural: bool = False) -> str:
    """The subspace that a record was sampled on: ``"a plane along two random filter-normalized directions"``."""
    recipe = record.provenance.identity.subspace.single
    if isinstance(recipe, CorridorRecipe):
        across = f"across {'them' if plural else 'it'} a random {_adjective(recipe.normalize)} direction"
        return (
            f"corridors along the training paths, {across}"
            if plural
            else f"the corridor along the training path, {across}"
        )
    if isinstance(recipe, CurveRecipe):
        form = FORMS.get(recipe.form or "", "curve")
        return f"{form}s between two solutions" if plural else f"a {form} between two solutions"
    if recipe.kind in ("plane", "line"):
        article, words = _affine(recipe)
        return f"{recipe.kind}s {words}" if plural else f"{article} {recipe.kind} {words}"
    if isinstance(recipe, InputRecipe):
        return _around_input(recipe, plural=plural)
    if recipe.kind == "grid":
        return "grids computed elsewhere" if plural else "a grid computed elsewhere"
    return ("surfaces" if plural else "a surface") if isinstance(record, Surface) else "a path"


def short_subspace_words(record: Sampled) -> str:
    """The subspace for small print, without the words that the picture itself makes plain."""
    words = subspace_words(record).replace("the corridor along the training path, across it ", "across the path ")
    for start in ("a plane along ", "a line along "):
        words = words.removeprefix(start)
    return words.removeprefix("the ")


def enumerate_names(names: Sequence[str]) -> str:
    """Names as a list in a sentence.

    >>> enumerate_names(["a"]), enumerate_names(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))


def _around_input(recipe: InputRecipe, *, plural: bool) -> str:
    """A line or plane of the input space, with its directions."""
    noun = recipe.kind.removeprefix("input ")
    second = {"random sign": "random signs orthogonal to it", "random normal": "a random direction orthogonal to it"}
    words = f"along the {recipe.first.replace('gradient sign', 'sign of the gradient')} of the example's loss"
    words += f" and {second.get(recipe.second, recipe.second)}" if recipe.second else ""
    return (
        f"{noun}s of the input space, each around one example, {words}"
        if plural
        else (f"a {noun} of the input space around one example, {words}")
    )


def _affine(recipe: SubspaceRecipe) -> tuple[str, str]:
    """Article of a line or plane, and the words that follow its noun."""
    match recipe:
        case PathLineRecipe():
            return "the straight", "from the start of training to the solution"
        case ConnectionRecipe():
            return "the straight", "between two solutions"
        case PathPlaneRecipe():
            return "the", "of the training path's two principal components"
        case NetworksRecipe(through=through):
            names = [name for name in through.split(", ") if name]
            return "the", f"through {enumerate_names(names) if len(names) == 3 else 'three networks'}"
        case RandomRecipe(kind=kind, normalize=normalize):
            return "a", f"along {_random_direction(normalize) if kind == 'line' else _random_directions(normalize)}"
        case DirectionsRecipe() if any(direction.name for direction in recipe.directions):
            return _along(recipe)
    return "a", "along one given direction" if recipe.kind == "line" else "along two given directions"


def _along(recipe: DirectionsRecipe) -> tuple[str, str]:
    """Article of a line or plane along directions with names, and the words that follow its noun."""
    directions = recipe.directions
    match directions:
        case (Eigenvector(name=first), Eigenvector(name=second)) if recipe.normalize is None:
            words = f"{EIGENVALUES[first]} and the {EIGENVALUES[second]} eigenvalue"
            return "the", f"along the Hessian eigenvectors of the {words}"
        case (RandomDirection(normalize=a), RandomDirection(normalize=b)) if _adjective(a) == _adjective(b):
            return "a", f"along {_random_directions(a)}"
    names = [_direction(direction, recipe.normalize) for direction in directions]
    return ("a" if any("random" in name for name in names) else "the"), f"along {' and '.join(names)}"


def _random_direction(normalize: str) -> str:
    """A random direction."""
    return f"a random {_adjective(normalize)} direction"


def _random_directions(normalize: str) -> str:
    """Two random directions of one normalization."""
    return f"two random {_adjective(normalize)} directions"


def _direction(direction: Direction, normalize: str | None) -> str:
    """A direction that has a name; empty where it has none."""
    over = f" ({_adjective(normalize)})" if normalize is not None else ""
    match direction:
        case RandomDirection():
            return _random_direction(direction.normalize)
        case Eigenvector(name=name):
            return f"the Hessian eigenvector of the {EIGENVALUES[name]} eigenvalue{over}"
        case Gradient():
            return f"the gradient{over}"
        case NamedDirection(name=name) if name.startswith("to "):
            return f"the direction {name}{over}"
        case NamedDirection(name=name) if name:
            return f"the direction of {name.rpartition('/')[2]}{over}"
    return ""


def _adjective(normalize: str | None) -> str:
    """The adjective of a normalization."""
    return NORMALIZATIONS.get(normalize or "", "")
