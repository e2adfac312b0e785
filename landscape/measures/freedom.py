"""Free directions: how many ways there are to move without changing any output on the training set."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.func import jacrev, vmap
from tqdm import tqdm

from landscape.errors import InputError, ObjectiveError
from landscape.measures.measure import Cost, Entry, Line, Measure, MeasureOptions, Part, Results, Words
from landscape.measures.ranges import RankBounds, chunk_examples, rank_bounds
from landscape.objective.dtypes import in_dtype
from landscape.objective.objective import Objective

LIMIT = 15_000
DEFAULT_MEMORY = 8 * 2**30
# the matrix, the copy LAPACK factors in place, and the stack of chunks
_COPIES = 3
_ROWS = 4096


@dataclass(frozen=True)
class FreeDirections:
    """Free directions at one point, and how many of them are mere symmetry; all counts are directions.

    ``explained = constant_inputs + gated_inputs + rescalings + dead_units``, ``free = explained + open``. These
    parts are None for a network that is not a plain stack of linear layers and rectifiers: they are not counted.

    Where the Jacobian is too large to factor, the rank is known between ``rank`` and ``rank_at_most`` only: ``free``
    and ``open`` are then the most there can be.

    Args:
        P: parameters.
        N: training examples the Jacobian was taken on.
        K: outputs per example.
        rank: of the Jacobian, (N K, P); a lower bound where it is not ``exact``.
        free: ``P - rank``; an upper bound where the rank is a lower one.
        tolerance: singular values at most this count as zero.
        largest: largest singular value.
        smallest_kept: smallest singular value above the tolerance, None if there is none.
        largest_dropped: largest singular value at most the tolerance, None if the rank is full. The rank can be trusted
            where it lies far below ``smallest_kept``.
        constant_inputs: weights of inputs that never vary, in live units of the first layer.
        gated_inputs: directions into a unit of the first layer that change nothing while it is active, as its inputs do
            not vary there, or not independently; constant inputs apart.
        rescalings: one per live rectified unit.
        dead_units: weights into and out of units that are zero on every example.
        explained: the four together.
        open: free directions that none of the four explains.
        rank_at_most: upper bound on the rank; ``rank`` itself where that is exact.
        exact: from all singular values. Otherwise by random vectors (`rank_bounds`): the lower bound then holds up to
            rounding, the upper one but for a probability of ``failure``.
        sketch: random vectors taken, 0 where exact.
        residual: bound on the norm of what they miss of the Jacobian, 0 where exact.
        failure: probability that ``residual`` is no bound.
    """

    P: int
    N: int
    K: int
    rank: int
    free: int
    tolerance: float
    largest: float
    smallest_kept: float | None
    largest_dropped: float | None
    constant_inputs: int | None
    gated_inputs: int | None
    rescalings: int | None
    dead_units: int | None
    explained: int | None
    open: int | None
    rank_at_most: int = 0
    exact: bool = True
    sketch: int = 0
    residual: float = 0.0
    failure: float = 0.0

    @property
    def free_at_least(self) -> int:
        """``P - rank_at_most``."""
        return self.P - self.rank_at_most


def free_directions(
    objective: Objective,
    *,
    examples: int | None = None,
    sketch: int | None = None,
    memory: int = DEFAULT_MEMORY,
    seed: int = 0,
    progress: bool = False,
) -> FreeDirections:
    """Free directions ``P - rank J`` of a network, J the Jacobian of its outputs on the training set, (N K, P).

    Where the loss is zero these are the directions in which it stays zero to second order: the Hessian of a squared
    error is then ``c J^T J``. Elsewhere they still change no output to first order. The rank is exact up to rounding:
    float64 singular values of J's triangular factor, never of ``J^T J``, which would square the condition number.
    Singular values at most ``max(N K, P) eps sigma_max`` count as zero. With both N K and P above 15,000, or too
    little memory, random vectors bound the rank instead (`rank_bounds`).

    Symmetries are counted for an `nn.Sequential` of linear layers and ReLU. Units that are active on every example
    act as linear ones and allow more than a rescaling; these directions count as ``open``.

    Args:
        objective: model and training data; computed in float64 whatever its precision, and never changed.
        examples: take the first so many training examples; all by default.
        sketch: random vectors for bounds on the rank, also where it could be exact; by default as few as exhaust the
            range and at most 1,024, and none where the exact rank fits.
        memory: bytes the factorization may take.
        seed: of the random vectors.
        progress: show a bar on stderr.

    Returns:
        The counts, and how the rank was found.

    Raises:
        InputError: ``examples`` or ``sketch`` out of range; too little memory for bounds as well.
        ObjectiveError: the Jacobian is not finite.

    Example:
        >>> model = torch.nn.Sequential(torch.nn.Linear(3, 1, bias=False)).double()
        >>> x = torch.tensor([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]], dtype=torch.float64)
        >>> free = free_directions(Objective(model, (x, x[:, :1]), loss=torch.nn.functional.mse_loss))
        >>> free.rank, free.free, free.constant_inputs
        (1, 2, 1)

    References:
        Dimension ``P - N K`` of the zero set when J has full rank: Cooper 2018, arXiv 1804.10200, theorem 2.1.
    """
    num_examples = _count_examples(objective, examples, sketch)
    precise = in_dtype(objective, torch.float64)
    if sketch is None and _fits(num_examples * objective.K, objective.P, memory):
        bounds = _rank(precise, num_examples, progress=progress)
    else:
        inputs = _first(precise, num_examples, chunk_examples(precise))
        bounds = rank_bounds(precise, inputs, sketch=sketch, memory=memory, seed=seed, progress=progress)
    return _count(precise, num_examples, bounds)


def _count_examples(objective: Objective, examples: int | None, sketch: int | None) -> int:
    """The number of examples, all by default; refuses what cannot be counted."""
    if not objective.fixed_inputs:
        raise InputError(
            "free directions are counted on outputs: give pairs (x, y) without stream=True, batch_loss or "
            "batchnorm='reestimate'"
        )
    num_examples = objective.N if examples is None else examples
    if not 1 <= num_examples <= objective.N:
        raise InputError(f"examples must be from 1 to N = {objective.N}, got {examples}")
    if sketch is not None and sketch < 1:
        raise InputError(f"sketch must be at least 1 random vector, got {sketch}")
    return num_examples


def _rank(objective: Objective, num_examples: int, *, progress: bool) -> RankBounds:
    """The rank from all singular values: both bounds are the same."""
    values = _singular_values(objective, num_examples, progress=progress)
    sides = (num_examples * objective.K, objective.P)
    tolerance = max(sides) * torch.finfo(torch.float64).eps * float(values[0])
    rank = int((values > tolerance).sum())
    return RankBounds(rank, rank, values, tolerance, residual=0.0, failure=0.0, sketch=0)


def _count(objective: Objective, num_examples: int, bounds: RankBounds) -> FreeDirections:
    """Free directions beside the symmetries that explain some of them."""
    rank, values, columns = bounds.low, bounds.values, objective.P
    symmetries = _symmetries(objective, num_examples)
    total = None if symmetries is None else sum(symmetries)
    constant, gates, rescalings, dead = symmetries or (None, None, None, None)
    return FreeDirections(
        P=columns,
        N=num_examples,
        K=objective.K,
        rank=rank,
        free=columns - rank,
        tolerance=bounds.tolerance,
        largest=float(values[0]),
        smallest_kept=float(values[rank - 1]) if rank else None,
        largest_dropped=float(values[rank]) if rank < len(values) else None,
        constant_inputs=constant,
        gated_inputs=gates,
        rescalings=rescalings,
        dead_units=dead,
        explained=total,
        open=None if total is None else columns - rank - total,
        # directions of a symmetry are not in the range
        rank_at_most=max(rank, min(bounds.high, columns - (total or 0))),
        exact=bounds.low == bounds.high and not bounds.sketch,
        sketch=bounds.sketch,
        residual=bounds.residual,
        failure=bounds.failure,
    )


def _chunk(rows: int, columns: int) -> int:
    """Rows of J taken at a time: at least P where rows are folded, so that folding costs no more than factoring."""
    return min(rows, max(_ROWS, columns) if columns < rows else _ROWS)


def _fits(rows: int, columns: int, memory: int) -> bool:
    """Whether the exact rank is affordable: one side at most 15,000, and memory for the factorization."""
    height = rows if rows <= columns else columns + _chunk(rows, columns)
    return min(rows, columns) <= LIMIT and _COPIES * 8 * height * columns <= memory


def _singular_values(objective: Objective, num_examples: int, *, progress: bool) -> Tensor:
    """Singular values of J in descending order, (min(N K, P),)."""
    rows, columns = num_examples * objective.K, objective.P
    size = max(1, _chunk(rows, columns) // objective.K)
    with tqdm(
        _first(objective, num_examples, size),
        disable=not progress,
        unit="chunk",
        desc=f"Jacobian {rows:,} x {columns:,}",
    ) as bar:
        if rows <= columns:
            whole = torch.cat([_jacobian(objective, inputs) for inputs in bar])
            factor = torch.linalg.qr(whole.T, mode="r").R
        else:
            factor = torch.empty(0, columns, dtype=torch.float64, device=objective.device)
            for inputs in bar:
                # the triangular factor of all rows so far stands for them
                factor = torch.linalg.qr(torch.cat([factor, _jacobian(objective, inputs)]), mode="r").R
    if not bool(torch.isfinite(factor).all()):
        raise ObjectiveError("the Jacobian of the outputs is not finite: check the model for infinite derivatives")
    values: Tensor = torch.linalg.svdvals(factor)
    return values


def _jacobian(objective: Objective, inputs: Tensor) -> Tensor:
    """Rows of J for some examples, (n K, P), columns in the order of the parameters."""

    def outputs(parameters: dict[str, Tensor], example: Tensor) -> Tensor:
        return objective.outputs(parameters, example[None]).flatten()

    size = max(1, 2**25 // (objective.K * objective.P))
    parts = vmap(jacrev(outputs), in_dims=(None, 0), chunk_size=size)(dict(objective.centre), inputs)
    rows = len(inputs) * objective.K
    return torch.cat([parts[name].reshape(rows, -1) for name in objective.centre], dim=1)


def _first(objective: Objective, num_examples: int, size: int) -> list[Tensor]:
    """Inputs of the first examples, at most ``size`` at a time."""
    chunks, left = [], num_examples
    for inputs, _ in objective.splits[0].chunks(size):
        chunks.append(inputs[:left])
        left -= len(chunks[-1])
        if not left:
            break
    return chunks


def _symmetries(objective: Objective, num_examples: int) -> tuple[int, int, int, int] | None:
    """Directions of constant inputs, gated inputs, rescalings and dead units; None unless a plain stack."""
    names = _plain_stack(objective)
    inputs = torch.cat(_first(objective, num_examples, num_examples))
    if names is None or (inputs.dim() > 2 and not isinstance(next(objective.model.children()), nn.Flatten)):
        return None
    layers = list(_layers(objective, names))
    active = _active(layers, inputs.flatten(1))
    lives = [units.any(dim=0) for units in active]
    has_bias = layers[0][1] is not None
    constant = int(lives[0].sum()) * _constant(inputs.flatten(1), has_bias)
    examples = active[0].T[lives[0]]
    gates = sum(_dependent(inputs.flatten(1)[rows], has_bias) for rows in examples) - constant
    rescalings = dead = 0
    for index, live in enumerate(lives[:-1]):
        weight, bias = layers[index]
        # a rescaling of a unit without weights moves nothing
        weighty = weight.ne(0).any(dim=1) | layers[index + 1][0].ne(0).any(dim=0)
        rescalings += int((live & weighty).sum())
        # weights from a dead unit into a dead one are among the latter's incoming ones
        dead += int((~live).sum()) * (weight.shape[1] + (bias is not None) + int(lives[index + 1].sum()))
    return constant, gates, rescalings, dead


def _constant(inputs: Tensor, has_bias: bool) -> int:
    """Free weights of one unit that sees these inputs, (n, features): one for each feature that never varies."""
    constant = (inputs == inputs[:1]).all(dim=0)
    # a constant input that is not zero repeats the bias; without one, the first such input is needed
    stands_for_bias = not has_bias and bool((constant & inputs[0].ne(0)).any())
    return int(constant.sum()) - stands_for_bias


def _dependent(inputs: Tensor, has_bias: bool) -> int:
    """Free directions into one unit that sees these inputs, (n, features): the nullity of inputs and bias together."""
    columns = torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1) if has_bias else inputs
    return columns.shape[1] - int(torch.linalg.matrix_rank(columns))


def _plain_stack(objective: Objective) -> list[str] | None:
    """Names of the linear layers of ``[Flatten] Linear (ReLU Linear)*``, None for any other network."""
    if type(objective.model) is not nn.Sequential:
        return None
    modules = list(objective.model.named_children())
    if modules and type(modules[0][1]) is nn.Flatten:
        modules = modules[1:]
    kinds = [nn.Linear if place % 2 == 0 else nn.ReLU for place in range(len(modules))]
    if len(modules) % 2 == 0 or [type(module) for _, module in modules] != kinds:
        return None
    names = [name for name, _ in modules[::2]]
    size = sum(
        tensor.numel() for weight, bias in _layers(objective, names) for tensor in (weight, bias) if tensor is not None
    )
    return names if size == objective.P else None


def _layers(objective: Objective, names: list[str]) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Weight and bias of each linear layer."""
    for name in names:
        yield objective.centre[f"{name}.weight"], objective.centre.get(f"{name}.bias")


def _active(layers: list[tuple[Tensor, Tensor | None]], inputs: Tensor) -> list[Tensor]:
    """For each layer, (N, units): on which examples a unit is not zero; outputs count as active on all."""
    active, values = [], inputs
    for weight, bias in layers:
        values = nn.functional.linear(values, weight, bias).relu()
        active.append(values.gt(0))
    active[-1] = torch.ones_like(active[-1])
    return active


def _parts(objective: Objective, options: MeasureOptions) -> dict[str, Part]:
    recipe = {"measure": "free_directions", "examples": options.examples}

    def count(progress: bool) -> FreeDirections:
        return free_directions(objective, examples=options.examples, progress=progress)

    return {"free_directions": Part(recipe, lambda pieces, progress: asdict(count(progress)))}


def _cost(objective: Objective, options: MeasureOptions) -> Cost:
    """A factorization of the Jacobian at 1e10 operations a second."""
    rows, columns = sorted(((options.examples or objective.N) * objective.K, objective.P))
    return Cost(seconds=rows * rows * columns / 1e10, memory=_COPIES * 8 * rows * columns)


def _summary(results: Results[FreeDirections]) -> Entry:
    return {"free_directions": {"member": results.members[0], **asdict(results.records[0])}}


def _words(results: Results[FreeDirections]) -> Words:
    free, member = results.records[0], results.members[0]
    if free.exact:
        above, below = (
            "none" if value is None else f"{value:.2g}" for value in (free.smallest_kept, free.largest_dropped)
        )
        count, rank = f"{free.free:,}", f"smallest singular value kept {above}, largest dropped {below}"
    else:
        count = f"{free.free_at_least:,} to {free.free:,}"
        rank = f"the rank is at least {free.rank:,}, by {free.sketch:,} random vectors"
    text = f"{count} of {free.P:,} on {free.N:,} examples, member {member} ({_symmetry_text(free)}); {rank}"
    return Words(details=(Line("free directions", text),))


def _symmetry_text(free: FreeDirections) -> str:
    if free.explained is None:
        return "symmetries are counted for mlp only"
    return (
        f"{free.constant_inputs:,} constant inputs, {free.gated_inputs:,} gated inputs, "
        f"{free.rescalings:,} rescalings, {free.dead_units:,} dead units, {free.open:,} open"
    )


FREE_DIRECTIONS: Measure[FreeDirections] = Measure(
    "free_directions",
    parts=_parts,
    parse=lambda entries: FreeDirections(**entries["free_directions"]),
    to_dict=asdict,
    cost=_cost,
    summary=_summary,
    words=_words,
    first_only=True,
)
