"""Facts of a record that belong beside its picture: words with their numbers, for captions and small print alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from landscape.measures.widths import HalfWidth
from landscape.records.base import LOSS
from landscape.records.directions import Eigenvector, Gradient, RandomDirection
from landscape.records.limits import Rule
from landscape.records.loss_scale import noun_of
from landscape.records.provenance import Identity, Provenance
from landscape.records.recipe import (
    CorridorRecipe,
    DirectionsRecipe,
    InputRecipe,
    PairsRecipe,
    RandomRecipe,
    RaysRecipe,
    RepeatsRecipe,
    SubspaceRecipe,
    is_aligned,
    seed_of,
)
from landscape.records.sampled import Sampled, Surface
from landscape.rendering.facts.subspaces import enumerate_names
from landscape.rendering.geometry.panel import Panel
from landscape.rendering.geometry.profiles import ProfileLine

Value: TypeAlias = int | float | str

REGIMES = {"under": "underparameterized", "critical": "critically parameterized", "over": "overparameterized"}
ORDER = ("One", "Two", "Three")


@dataclass(frozen=True)
class Fact:
    """A fact of a record: words with ``{Name}`` where a number belongs, and the numbers."""

    words: str
    numbers: Mapping[str, Value] = field(default_factory=dict)

    def text(self, write: Callable[[float], str] = "{:.3g}".format) -> str:
        """The words with their numbers; ``write`` writes those that are not whole."""
        return self.words.format(**{name: format_value(value, write) for name, value in self.numbers.items()})


def format_value(value: Value, write: Callable[[float], str] = "{:.3g}".format) -> str:
    """A number as text, whole numbers with thousands separated; text stays."""
    if isinstance(value, int):
        return f"{value:,}"
    return value if isinstance(value, str) else write(value)


def sizes(identity: Identity) -> Fact:
    """P, N and K of a network, N being all training examples where the loss was measured on some."""
    numbers = {"P": identity.P, "N": identity.drawn_from or identity.N, "K": identity.K}
    return Fact("$P$ = {P}, $N$ = {N}, $K$ = {K}", numbers)


def details(record: Sampled, *, cross: bool = True) -> list[Fact]:
    """Facts that tell this subspace from others of its kind: seeds, eigenvalues, repeats.

    Args:
        record: a profile or surface.
        cross: whether the cosine of a plane's axes is named, which are drawn at right angles.
    """
    recipe = record.provenance.identity.subspace
    facts = [*_example(recipe), *_seeds(recipe), *_eigenvalues(recipe.single), *_angle(recipe.single, cross)]
    if isinstance(record, Surface):
        facts += _on_plane(record)
    if is_aligned(recipe):
        facts.append(Fact("hidden units of the second network matched to the first"))
    return facts


def settings(record: Sampled) -> list[Fact]:
    """Facts of the measurement: parameters without perturbation, BatchNorm, examples, extent of the axes."""
    identity, facts = record.provenance.identity, []
    recipe = identity.subspace.single
    directions = recipe.directions if isinstance(recipe, DirectionsRecipe) else ()
    draws = [direction for direction in directions if isinstance(direction, RandomDirection)]
    # Two random directions with different patterns have no one sentence.
    patterns = {direction.ignore for direction in draws}
    if isinstance(recipe, RandomRecipe | CorridorRecipe) and recipe.ignore is not None:
        patterns = {recipe.ignore}
    if len(patterns) == 1:
        has_others = len(draws) < len(directions)
        facts.append(Fact(_perturbation(patterns.pop()) + (" along the random direction" if has_others else "")))
    if identity.batchnorm == "reestimate":
        facts.append(Fact("BatchNorm statistics re-estimated at every point"))
    elif identity.batchnorm == "frozen":
        along = record.kind == "corridor"
        facts.append(Fact("BatchNorm statistics those of the path" if along else "BatchNorm statistics held fixed"))
    if identity.drawn_from:
        numbers: dict[str, Value] = {"Examples": identity.N, "DrawnFrom": identity.drawn_from}
        words = "measured on {Examples} of {DrawnFrom} training examples"
        if record.provenance.accuracy.standard_error:
            numbers["StandardError"] = record.provenance.accuracy.standard_error
            words += " (standard error of the loss at the centre {StandardError})"
        facts.append(Fact(words, numbers))
    return facts + _extent(record.provenance)


def short_settings(record: Sampled) -> list[Fact]:
    """The settings that differ from what a reader takes for granted, for small print."""
    return [
        fact
        for fact in settings(record)
        if not fact.words.startswith("extent") and not fact.words.startswith(_perturbation("1d"))
    ]


def half_width_words(half: HalfWidth) -> str:
    """A half-width with its interval, marked where it is a lower bound."""
    sign = "\u2265 " if half.censored else ""
    return f"half-width {sign}{half.mean:.2f}{half.ends('.2f')}"


def dimension_words(panel: Panel) -> str:
    """The line along which the width of the sublevel set is noted."""
    mean = " of the mean" if isinstance(panel.surface.provenance.identity.subspace, RepeatsRecipe) else ""
    if panel.surface.kind == "corridor":
        return f"at the last step{mean}"
    return rf"through {panel.reference_name} along $\beta${mean}"


def band_words(line: ProfileLine) -> str:
    """The mean and the band of a line; empty where it has none."""
    recipe = line.profile.provenance.identity.subspace
    if not line.has_band:
        return ""
    if isinstance(recipe, RepeatsRecipe):
        return f"line: mean over {len(recipe.seeds)} repeats; band: {recipe.band} of them"
    return recipe.band if isinstance(recipe, PairsRecipe | RaysRecipe) else "band: lowest to highest"


def _example(recipe: SubspaceRecipe) -> list[Fact]:
    """The class of the example whose surroundings are shown."""
    if isinstance(recipe, InputRecipe) and recipe.target is not None:
        return [Fact("class {Target}", {"Target": recipe.target})]
    return []


def _seeds(recipe: SubspaceRecipe) -> list[Fact]:
    """Seeds of the random directions, and of the repeats of a mean."""
    if isinstance(recipe, RepeatsRecipe):
        numbers: dict[str, Value] = {"Repeats": len(recipe.seeds), "Seeds": ", ".join(map(str, recipe.seeds))}
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
    """The cosine of the axes of a plane, or the length that remains after they were made orthogonal."""
    if not isinstance(recipe, RandomRecipe | DirectionsRecipe):
        return []
    if recipe.orthogonal:
        length = 1.0 if recipe.length_kept is None else float(recipe.length_kept)
        words = "direction 2 made orthogonal to direction 1 ({LengthKept} % of its length kept)"
        return [Fact(words, {"LengthKept": 100 * length})]
    cosine = float(recipe.cosine or 0.0)
    return [Fact("cosine of the axes {Cosine}", {"Cosine": cosine})] if cross and abs(cosine) >= 0.005 else []


def _on_plane(surface: Surface) -> list[Fact]:
    """The share of its path that a plane shows, and the losses of the networks that it runs through."""
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
                + enumerate_names([f"{{{name}}}" for name in values]),
                values,
            )
        )
    return facts


def _extent(provenance: Provenance) -> list[Fact]:
    """The rule that ends the axes, where it says more than a number."""
    limit = provenance.extent
    if limit.rule in (Rule.RISE, Rule.UPHILL):
        unit = f" {noun_of(provenance.loss_scale.unit)}" if provenance.identity.loss else ""
        widest = ", in the widest of the surfaces compared" if limit.num_surfaces > 1 else ""
        where = "at both ends of every axis" if limit.rule is Rule.RISE else "along the gradient"
        words = f"extent chosen so that the loss rises by {{Reach}}{unit} or more {where}{widest}"
        return [Fact(words, {"Reach": float(limit.reach)})]
    if limit.rule in (Rule.LARGEST, Rule.DEFAULT):
        return [Fact(f"extent {limit}")]
    return []


def _perturbation(ignore: str) -> str:
    """The parameters that a random direction leaves alone."""
    if ignore == "1d":
        return "biases and norm layers unperturbed"
    if ignore == "nothing":
        return "all parameters perturbed"
    return f"unperturbed: {ignore.replace('1d', 'biases and norm layers').replace(',', ', ')}"
