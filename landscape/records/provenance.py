"""What made a record: enough to repeat it, and to refuse to go on from something else."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from landscape.records.limits import Limit
from landscape.records.loss_scale import LossScale
from landscape.records.recipe import SubspaceRecipe
from landscape.records.recipe_keys import parse_recipe

Part = TypeVar("Part")

# The names of a file's attributes, in its order. They are flat: a file says `P`, not `identity.P`.
ATTRIBUTES = (
    *("model", "network", "P", "N", "K", "regime", "weights", "data", "loss", "dtype", "batchnorm", "subspace"),
    *("precision_error", "precision_points", "strategy", "block_size", "device", "versions", "command", "created"),
    *("wall_time", "tolerance", "held_back_points", "interpolation_error", "inside_error", "reach", "extent"),
    *("drawn_from", "standard_error", "precision_note", "guess"),
)
# These are written only where they say something; else they have these values.
OPTIONAL = {"precision_note": "", "guess": 0.0}


@dataclass(frozen=True)
class Identity:
    """What the values of a record are of: a network, its data and loss, and the subspace.

    Args:
        model: the name people use, ``"wide:0"``.
        network: family and size in words, ``"mlp, width 512"``.
        P: parameters of the network.
        N: training examples that were evaluated.
        K: outputs per example; the constraints are N * K.
        regime: ``"under"`` P < N, ``"critical"`` N <= P <= N * K, ``"over"`` P > N * K.
        weights: SHA-256 digest of the bits of the parameters at the centre.
        data: SHA-256 digest of the bits of the examples.
        loss: name of the loss function.
        dtype: precision that the values were computed in.
        batchnorm: what BatchNorm statistics do at other points than the centre; empty where there are none.
        subspace: how the subspace came about, with a digest of its directions.
        drawn_from: where the N examples are a random subset, how many they were drawn from; 0 if they are all.
        guess: what guessing costs, in the unit of the loss, see `LossScale`; 0 for log-likelihoods.
    """

    model: str = ""
    network: str = ""
    P: int = 0
    N: int = 0
    K: int = 0
    regime: str = ""
    weights: str = ""
    data: str = ""
    loss: str = ""
    dtype: str = ""
    batchnorm: str = ""
    subspace: SubspaceRecipe = field(default_factory=SubspaceRecipe)
    drawn_from: int = 0
    guess: float = 0.0


@dataclass(frozen=True)
class Accuracy:
    """How far the values of a record may be off, by precision, interpolation and a subset of the examples.

    Args:
        precision_error: largest difference from float64 relative to the larger of the loss and 1 nat, or what guessing
            costs, at ``precision_points`` points.
        precision_points: grid points that were computed in float64 too.
        tolerance: share of the loss's range within which points may be interpolated; 0 where all are measured.
        held_back_points: measured points the interpolation was held against; 0 where nothing is interpolated.
        interpolation_error: for each metric, the estimated largest interpolation error, in its unit: a multiple
            of the largest error at the held-back points, see `landscape.sampling.adaptive.Filling`.
        inside_error: the same for the training loss where it is at most the default rise above the centre (0.5 nat); 0
            where that set was measured whole.
        standard_error: of the training loss at the centre, in its unit, as an estimate for all examples; 0 where all
            examples were evaluated.
        precision_note: why nothing was computed in float64, where the network's own code cannot be; else empty.
    """

    precision_error: float = float("nan")
    precision_points: int = 0
    tolerance: float = 0.0
    held_back_points: int = 0
    interpolation_error: Mapping[str, float] = field(default_factory=dict)
    inside_error: float = 0.0
    standard_error: float = 0.0
    precision_note: str = ""

    @property
    def precision_text(self) -> str:
        """The difference from float64 in words."""
        if self.precision_note:
            return f"not checked in float64: {self.precision_note}"
        return f"error against float64 {self.precision_error:.1e}"

    @staticmethod
    def worst(accuracies: Sequence["Accuracy"]) -> "Accuracy":
        """The accuracy of a mean over records: the largest error of each kind that any of them has.

        >>> Accuracy.worst([Accuracy(inside_error=0.25), Accuracy(inside_error=0.5)]).inside_error
        0.5
        """
        errors = [a.precision_error for a in accuracies if not math.isnan(a.precision_error)]
        metrics = sorted({name for accuracy in accuracies for name in accuracy.interpolation_error})
        return replace(
            accuracies[0],
            precision_error=max(errors, default=float("nan")),
            precision_note=next((accuracy.precision_note for accuracy in accuracies if accuracy.precision_note), ""),
            held_back_points=max(accuracy.held_back_points for accuracy in accuracies),
            interpolation_error={
                name: max(accuracy.interpolation_error.get(name, 0.0) for accuracy in accuracies) for name in metrics
            },
            inside_error=max(accuracy.inside_error for accuracy in accuracies),
        )


@dataclass(frozen=True)
class Making:
    """How a record was computed: strategy, machine, versions, command and time.

    Args:
        strategy: the plan of evaluation in words, ``"batched, 1437 examples"``.
        block_size: grid points that were evaluated at once.
        device: name of the GPU, or ``"cpu"``.
        versions: of the tool, torch, NumPy and Python.
        command: the command line, empty where there was none.
        created: when sampling began, ISO 8601 with the time zone.
        wall_time: seconds spent sampling, all attempts together.
    """

    strategy: str = ""
    block_size: int = 0
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    created: str = ""
    wall_time: float = 0.0


@dataclass(frozen=True)
class Provenance:
    """What made a record: enough to repeat it, and to refuse to go on from something else.

    Args:
        identity: what the values are of.
        accuracy: how far they may be off.
        making: how they were computed.
        extent: why the grid reaches as far as it does.
    """

    identity: Identity = field(default_factory=Identity)
    accuracy: Accuracy = field(default_factory=Accuracy)
    making: Making = field(default_factory=Making)
    extent: Limit = field(default_factory=Limit)

    @property
    def loss_scale(self) -> LossScale:
        """The unit of the loss, and the rise that counts as high: by what guessing costs, or as the extent was chosen.

        >>> from landscape.records.limits import Rule
        >>> Provenance(Identity(loss="mse_loss"), extent=Limit(Rule.RISE, 0.2)).loss_scale.rise
        0.1
        """
        scale = LossScale(self.identity.loss, self.identity.guess)
        if scale.guess or scale.is_log_likelihood:
            return scale
        return replace(scale, guess=self.extent.reach)

    if not TYPE_CHECKING:  # programs of users read the flat names; our own are held to the parts

        def __getattr__(self, name: str) -> Any:
            """An attribute of a file by its own name, ``provenance.strategy`` for ``provenance.making.strategy``."""
            if name in ATTRIBUTES:
                return {**OPTIONAL, **self.to_dict()}[name]
            raise AttributeError(f"a provenance has no {name!r}; it has {', '.join(ATTRIBUTES)}")

    def to_dict(self) -> dict[str, Any]:
        """The attributes of a file by name, mappings as plain dictionaries: what JSON and HDF5 take."""
        parts = (_flat(self.identity), _flat(self.accuracy), _flat(self.making), self.extent.to_dict())
        values = {name: value for part in parts for name, value in part.items()}
        return {name: values[name] for name in ATTRIBUTES if values[name] or name not in OPTIONAL}

    @classmethod
    def parse(cls, attributes: Mapping[str, Any]) -> "Provenance":
        """The provenance that the attributes of a file state; a name that is missing has its default value."""
        limit = Limit.parse(**_subset(attributes, ("reach", "extent")))
        attributes = {**attributes, "subspace": parse_recipe(attributes.get("subspace", {}))}
        return cls(_part(Identity, attributes), _part(Accuracy, attributes), _part(Making, attributes), limit)


def _flat(part: Any) -> dict[str, Any]:
    values = {entry.name: getattr(part, entry.name) for entry in fields(part)}
    values = {name: value.to_dict() if isinstance(value, SubspaceRecipe) else value for name, value in values.items()}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def _part(kind: type[Part], attributes: Mapping[str, Any]) -> Part:
    return kind(**_subset(attributes, (entry.name for entry in fields(kind))))  # type: ignore[arg-type]


def _subset(attributes: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: attributes[name] for name in names if name in attributes}
