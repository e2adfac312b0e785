"""Where a record was sampled and how, in words: read from the recipe that it carries, never assumed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from landscape.records.base import LOSS
from landscape.records.limits import Rule
from landscape.records.provenance import Provenance
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
    recipe, kind = record.provenance.identity.subspace, record.kind
    if kind == "corridor":
        across = f"across {'them' if many else 'it'} a random {_scaled(recipe.get('normalize'))} direction"
        return (
            f"corridors along the training paths, {across}"
            if many
            else f"the corridor along the training path, {across}"
        )
    if kind in ("plane", "line"):
        article, rest = _affine(record, kind)
        return f"{kind}s {rest}" if many else f"{article} {kind} {rest}"
    if kind == "curve":
        form = FORMS.get(str(recipe.get("form")), "curve")
        return f"{form}s between two solutions" if many else f"a {form} between two solutions"
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
    facts = [*_seeds(recipe), *_found(recipe)]
    if recipe.get("orthogonal"):
        kept = {"LengthKept": 100 * float(recipe.get("length_kept", 1.0))}
        facts.append(Fact("direction 2 made orthogonal to direction 1 ({LengthKept} % of its length kept)", kept))
    elif cross and "through" not in recipe and abs(float(recipe.get("cosine", 0.0))) >= 0.005:
        facts.append(Fact("cosine of the axes {Cosine}", {"Cosine": float(recipe["cosine"])}))
    if isinstance(record, Surface):
        facts += _on_plane(record)
    if recipe.get("aligned"):
        facts.append(Fact("hidden units of the second network matched to the first"))
    return facts


def settings(record: Sampled) -> list[Fact]:
    """How it was measured, where that is not plain: parameters left alone, BatchNorm, examples, how far axes reach."""
    identity, facts = record.provenance.identity, []
    ignored = {str(value) for key, value in identity.subspace.items() if key.split(" ")[0] == "ignore"}
    if len(ignored) == 1:
        others = {str(identity.subspace.get(f"name {k}", "random")) for k in (1, 2)} - {"random"}
        facts.append(Fact(_ignored(ignored.pop()) + (" along the random direction" if others else "")))
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


def _affine(record: Sampled, kind: str) -> tuple[str, str]:
    """Article, and what follows the noun, of a line or plane."""
    recipe = record.provenance.identity.subspace
    if recipe.get("between"):
        if recipe.get("of") == "path":
            return "the straight", "from the start of training to the solution"
        return "the straight", "between two solutions"
    if recipe.get("of") == "path":
        return "the", "of the training path's two principal components"
    if "through" in recipe:
        names = [name for name in str(recipe["through"]).split(", ") if name]
        return "the", f"through {listed(names) if len(names) == 3 else 'three networks'}"
    count = 1 if kind == "line" else 2
    named = [_direction(recipe, k) for k in range(1, count + 1)]
    if not any(named):
        if "normalize" not in recipe or not {"seed", "seeds"} & recipe.keys():
            return "a", "along one given direction" if count == 1 else "along two given directions"
        named = [f"a random {_scaled(recipe['normalize'])} direction"] * count
    values = [EIGENVALUES.get(str(recipe.get(f"name {k}"))) for k in (1, 2)]
    if count == 2 and all(values) and "normalize" not in recipe:
        return "the", f"along the Hessian eigenvectors of the {values[0]} and the {values[1]} eigenvalue"
    if count == 2 and named[0] == named[1] and named[0].startswith("a random"):
        return "a", f"along two {named[0].removeprefix('a ')}s"
    return ("a" if any("random" in one for one in named) else "the"), f"along {' and '.join(named)}"


def _direction(recipe: Mapping[str, Number], k: int) -> str:
    """A direction that has a name; nothing where it has none."""
    name = str(recipe.get(f"name {k}", ""))
    if name == "random":
        return f"a random {_scaled(recipe.get(f'normalize {k}'))} direction"
    over = f" ({_scaled(recipe['normalize'])})" if "normalize" in recipe and name else ""
    if name in EIGENVALUES:
        return f"the Hessian eigenvector of the {EIGENVALUES[name]} eigenvalue{over}"
    if name == "gradient":
        return f"the gradient{over}"
    if name.startswith("to "):
        return f"the direction {name}{over}"
    return f"the direction of {name.rpartition('/')[2]}{over}" if name else ""


def _scaled(normalize: object) -> str:
    return SCALED.get(str(normalize), "")


def _seeds(recipe: Mapping[str, Number]) -> list[Fact]:
    if "repeats" in recipe:
        numbers: dict[str, Number] = {"Repeats": int(recipe["repeats"]), "Seeds": str(recipe.get("seeds", ""))}
        return [Fact("mean over {Repeats} repeats (direction seeds {Seeds}), the loss of no one network", numbers)]
    if "seed" in recipe:
        return [Fact("direction seed {Seed}", {"Seed": int(recipe["seed"])})]
    drawn = [(k, int(recipe[f"seed {k}"])) for k in (1, 2) if f"seed {k}" in recipe]
    if len(drawn) == 2:
        return [Fact("direction seeds {SeedOne} and {SeedTwo}", {"SeedOne": drawn[0][1], "SeedTwo": drawn[1][1]})]
    return [Fact("direction seed {Seed}", {"Seed": seed}) for _, seed in drawn]


def _found(recipe: Mapping[str, Number]) -> list[Fact]:
    """Eigenvalues and the norm of the gradient."""
    values = {ORDER[k - 1]: float(recipe[f"eigenvalue {k}"]) for k in (1, 2) if f"eigenvalue {k}" in recipe}
    facts = []
    if values:
        numbers = {f"Eigenvalue{order}": value for order, value in values.items()}
        words = " and ".join(f"{{{name}}}" for name in numbers)
        facts.append(Fact(f"eigenvalue{'s' if len(values) > 1 else ''} {words}", numbers))
    norms = [float(recipe[f"norm {k}"]) for k in (1, 2) if f"norm {k}" in recipe]
    return facts + [Fact("gradient norm {GradientNorm}", {"GradientNorm": norm}) for norm in norms[:1]]


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
        unit = " nat" if provenance.identity.loss == "cross_entropy" else ""
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
