"""Where a record was sampled and how, in words: read from the recipe that it carries, never assumed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from landscape.records.base import LOSS
from landscape.records.directions import Direction, Eigenvector, Gradient, NamedDirection, RandomDirection
from landscape.records.limits import Rule
from landscape.records.loss_scale import noun_of
from landscape.records.provenance import Provenance
from landscape.records.recipe import (
    ConnectionRecipe,
    CorridorRecipe,
    CurveRecipe,
    DirectionsRecipe,
    NetworksRecipe,
    PathLineRecipe,
    PathPlaneRecipe,
    RandomRecipe,
    RepeatsRecipe,
    SubspaceRecipe,
    is_aligned,
    seed_of,
)
from landscape.records.sampled import Sampled, Surface

Number: TypeAlias = int | float | str

UNITS = {"filter norm": "filter norms", "layer norm": "layer norms", "direction length": "direction lengths"}
UNITS |= {"fraction": "shares of the way", "step": "steps"}
SCALED = {"filter": "filter-normalized", "layer": "layer-normalized", "none": "unscaled"}
EIGENVALUES = {"top": "largest", "second": "second largest", "bottom": "smallest"}
FORMS = {"bezier": "Bezier curve", "polygon": "polygonal chain", "curve": "curve"}
ORDER = ("One", "Two", "Three")


@dataclass(frozen=True)
class Fact:
    """Something to say of a record: words with ``{Name}`` where a number belongs, and the numbers."""

    words: str
    numbers: Mapping[str, Number] = field(default_factory=dict)

    def text(self, write: Callable[[float], str] = "{:.3g}".format) -> str:
        """The words with their numbers; ``write`` writes those that are not whole."""
        return self.words.format(**{name: written(value, write) for name, value in self.numbers.items()})


def written(value: Number, write: Callable[[float], str] = "{:.3g}".format) -> str:
    """A number as text: whole ones with thousands separated, text as it is."""
    if isinstance(value, int):
        return f"{value:,}"
    return value if isinstance(value, str) else write(value)


def units_of(unit: str) -> str:
    """A unit after a number: ``"filter norms"``, ``"in L2"``."""
    return UNITS.get(unit, f"in {unit}" if unit else "units of its axis")


def place(record: Sampled, *, many: bool = False) -> str:
    """The subspace that a record was sampled on: ``"a plane along two random filter-normalized directions"``."""
    recipe = record.provenance.identity.subspace.single
    if isinstance(recipe, CorridorRecipe):
        across = f"across {'them' if many else 'it'} a random {_scaled(recipe.normalize)} direction"
        return (
            f"corridors along the training paths, {across}"
            if many
            else f"the corridor along the training path, {across}"
        )
    if isinstance(recipe, CurveRecipe):
        form = FORMS.get(recipe.form or "", "curve")
        return f"{form}s between two solutions" if many else f"a {form} between two solutions"
    if recipe.kind in ("plane", "line"):
        article, rest = _affine(recipe)
        return f"{recipe.kind}s {rest}" if many else f"{article} {recipe.kind} {rest}"
    return ("surfaces" if many else "a surface") if isinstance(record, Surface) else "a path"


def short_place(record: Sampled) -> str:
    """The same, for small print: what is not said by the picture itself."""
    words = place(record).replace("the corridor along the training path, across it ", "across the path ")
    for start in ("a plane along ", "a line along "):
        words = words.removeprefix(start)
    return words.removeprefix("the ")


def details(record: Sampled, *, cross: bool = True) -> list[Fact]:
    """Seeds, eigenvalues, repeats and all else with a number that tells this subspace from others of its kind.

    Args:
        cross: whether the cosine of a plane's axes is named, which are drawn at right angles.
    """
    recipe = record.provenance.identity.subspace
    facts = [*_seeds(recipe), *_eigenvalues(recipe.single), *_angle(recipe.single, cross)]
    if isinstance(record, Surface):
        facts += _on_plane(record)
    if is_aligned(recipe):
        facts.append(Fact("hidden units of the second network matched to the first"))
    return facts


def settings(record: Sampled) -> list[Fact]:
    """How it was measured, where that is not plain: parameters left alone, BatchNorm, examples, how far axes reach."""
    identity, facts = record.provenance.identity, []
    recipe = identity.subspace.single
    directions = recipe.directions if isinstance(recipe, DirectionsRecipe) else ()
    draws = [direction for direction in directions if isinstance(direction, RandomDirection)]
    ignored = {direction.ignore for direction in draws}
    if isinstance(recipe, RandomRecipe | CorridorRecipe) and recipe.ignore is not None:
        ignored = {recipe.ignore}
    if len(ignored) == 1:
        mixed = len(draws) < len(directions)
        facts.append(Fact(_ignored(ignored.pop()) + (" along the random direction" if mixed else "")))
    if identity.batchnorm == "reestimate":
        facts.append(Fact("BatchNorm statistics re-estimated at every point"))
    elif identity.batchnorm == "frozen":
        along = record.kind == "corridor"
        facts.append(Fact("BatchNorm statistics those of the path" if along else "BatchNorm statistics held fixed"))
    if identity.drawn_from:
        numbers: dict[str, Number] = {"Examples": identity.N, "DrawnFrom": identity.drawn_from}
        words = "measured on {Examples} of {DrawnFrom} training examples"
        if record.provenance.accuracy.standard_error:
            numbers["StandardError"] = record.provenance.accuracy.standard_error
            words += " (standard error of the loss at the centre {StandardError})"
        facts.append(Fact(words, numbers))
    return facts + _extent(record.provenance)


def short_settings(record: Sampled) -> list[Fact]:
    """Those of the settings that change what a reader would otherwise take for granted, for small print."""
    return [
        fact
        for fact in settings(record)
        if not fact.words.startswith("extent") and not fact.words.startswith(_ignored("1d"))
    ]


def listed(names: Sequence[str]) -> str:
    """Names as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))


def _affine(recipe: SubspaceRecipe) -> tuple[str, str]:
    """Article, and what follows the noun, of a line or plane."""
    match recipe:
        case PathLineRecipe():
            return "the straight", "from the start of training to the solution"
        case ConnectionRecipe():
            return "the straight", "between two solutions"
        case PathPlaneRecipe():
            return "the", "of the training path's two principal components"
        case NetworksRecipe(through=through):
            names = [name for name in through.split(", ") if name]
            return "the", f"through {listed(names) if len(names) == 3 else 'three networks'}"
        case RandomRecipe(kind=kind, normalize=normalize):
            return "a", f"along {f'a random {_scaled(normalize)} direction' if kind == 'line' else _two(normalize)}"
        case DirectionsRecipe() if any(direction.name for direction in recipe.directions):
            return _along(recipe)
    return "a", "along one given direction" if recipe.kind == "line" else "along two given directions"


def _along(recipe: DirectionsRecipe) -> tuple[str, str]:
    """Article, and what follows the noun, of a line or plane along directions with names."""
    directions = recipe.directions
    match directions:
        case (Eigenvector(name=first), Eigenvector(name=second)) if recipe.normalize is None:
            words = f"{EIGENVALUES[first]} and the {EIGENVALUES[second]} eigenvalue"
            return "the", f"along the Hessian eigenvectors of the {words}"
        case (RandomDirection(normalize=first), RandomDirection(normalize=second)) if _scaled(first) == _scaled(second):
            return "a", f"along {_two(first)}"
    names = [_direction(direction, recipe.normalize) for direction in directions]
    return ("a" if any("random" in name for name in names) else "the"), f"along {' and '.join(names)}"


def _two(normalize: str) -> str:
    return f"two random {_scaled(normalize)} directions"


def _direction(direction: Direction, normalize: str | None) -> str:
    """A direction that has a name; nothing where it has none."""
    over = f" ({_scaled(normalize)})" if normalize is not None else ""
    match direction:
        case RandomDirection():
            return f"a random {_scaled(direction.normalize)} direction"
        case Eigenvector(name=name):
            return f"the Hessian eigenvector of the {EIGENVALUES[name]} eigenvalue{over}"
        case Gradient():
            return f"the gradient{over}"
        case NamedDirection(name=name) if name.startswith("to "):
            return f"the direction {name}{over}"
        case NamedDirection(name=name) if name:
            return f"the direction of {name.rpartition('/')[2]}{over}"
    return ""


def _scaled(normalize: str | None) -> str:
    return SCALED.get(normalize or "", "")


def _seeds(recipe: SubspaceRecipe) -> list[Fact]:
    if isinstance(recipe, RepeatsRecipe):
        numbers: dict[str, Number] = {"Repeats": len(recipe.seeds), "Seeds": ", ".join(map(str, recipe.seeds))}
        return [Fact("mean over {Repeats} repeats (direction seeds {Seeds}), the loss of no one network", numbers)]
    seed = seed_of(recipe)
    if seed is not None:
        return [Fact("direction seed {Seed}", {"Seed": seed})]
    directions = recipe.directions if isinstance(recipe, DirectionsRecipe) else ()
    seeds = [direction.seed for direction in directions if isinstance(direction, RandomDirection)]
    if len(seeds) == 2:
        return [Fact("direction seeds {SeedOne} and {SeedTwo}", {"SeedOne": seeds[0], "SeedTwo": seeds[1]})]
    return [Fact("direction seed {Seed}", {"Seed": seed}) for seed in seeds]


def _eigenvalues(recipe: SubspaceRecipe) -> list[Fact]:
    """Eigenvalues and the norm of the gradient."""
    numbers, norms = {}, []
    for order, direction in zip(ORDER, recipe.directions if isinstance(recipe, DirectionsRecipe) else (), strict=False):
        if isinstance(direction, Eigenvector) and direction.eigenvalue is not None:
            numbers[f"Eigenvalue{order}"] = float(direction.eigenvalue)
        elif isinstance(direction, Gradient) and direction.norm is not None:
            norms.append(Fact("gradient norm {GradientNorm}", {"GradientNorm": float(direction.norm)}))
    words = " and ".join(f"{{{name}}}" for name in numbers)
    return ([Fact(f"eigenvalue{'s' if len(numbers) > 1 else ''} {words}", numbers)] if numbers else []) + norms[:1]


def _angle(recipe: SubspaceRecipe, cross: bool) -> list[Fact]:
    """How far from a right angle the axes of a plane are, or were before they were made orthogonal."""
    if not isinstance(recipe, RandomRecipe | DirectionsRecipe):
        return []
    if recipe.orthogonal:
        length = 1.0 if recipe.length_kept is None else float(recipe.length_kept)
        words = "direction 2 made orthogonal to direction 1 ({LengthKept} % of its length kept)"
        return [Fact(words, {"LengthKept": 100 * length})]
    cosine = float(recipe.cosine or 0.0)
    return [Fact("cosine of the axes {Cosine}", {"Cosine": cosine})] if cross and abs(cosine) >= 0.005 else []


def _on_plane(surface: Surface) -> list[Fact]:
    """How well a plane shows its path, and the losses of the networks that it was laid through."""
    facts, path, marks = [], surface.trajectory, surface.marks
    if path is not None and path.gap is not None:
        numbers = {"Explained": 100 * path.explained, "Gap": float(abs(path.gap).max())}
        words = "plane explains {Explained} % of the path's squared distance from its end"
        words += "; loss on it off the network's own by {Gap} at most"
        facts.append(Fact(words, numbers))
    if marks is not None and len(marks.names) <= len(ORDER):
        values = {f"Loss{order}": float(loss) for order, loss in zip(ORDER, marks.loss, strict=False)}
        facts.append(
            Fact(
                f"{LOSS.replace('train', 'training').replace('_', ' ')} at the networks "
                + listed([f"{{{name}}}" for name in values]),
                values,
            )
        )
    return facts


def _extent(provenance: Provenance) -> list[Fact]:
    limit = provenance.extent
    if limit.rule is Rule.RISE:
        unit = f" {noun_of(provenance.loss_scale.unit)}" if provenance.identity.loss else ""
        widest = ", in the widest of the surfaces compared" if limit.num_surfaces > 1 else ""
        words = f"extent chosen so that the loss rises by {{Reach}}{unit} or more at both ends of every axis{widest}"
        return [Fact(words, {"Reach": float(limit.reach)})]
    if limit.rule in (Rule.LARGEST, Rule.DEFAULT):
        return [Fact(f"extent {limit}")]
    return []


def _ignored(ignore: str) -> str:
    if ignore == "1d":
        return "biases and norm layers unperturbed"
    if ignore == "nothing":
        return "all parameters perturbed"
    return f"unperturbed: {ignore.replace('1d', 'biases and norm layers').replace(',', ', ')}"
