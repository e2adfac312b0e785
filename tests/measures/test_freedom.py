from itertools import pairwise

import pytest
import torch
from problems import examples, small_cnn, small_mlp
from torch import Tensor, nn
from torch.func import functional_call, hessian

from landscape.errors import InputError
from landscape.measures.freedom import FreeDirections, free_directions
from landscape.measures.freedom import _jacobian as _dense_jacobian
from landscape.measures.ranges import _Jacobian
from landscape.objective.objective import Objective
from landscape.space.parameters import digest


def stack(*sizes: int, seed: int = 0, bias: bool = True) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after, bias=bias), nn.ReLU()]
        return nn.Sequential(*layers[:-1]).double().eval()


def measured(model: nn.Module, inputs: Tensor, count: int | None = None) -> FreeDirections:
    targets = model(inputs).detach()
    return free_directions(Objective(model, (inputs, targets), loss=nn.functional.mse_loss), examples=count)


def adds_up(found: FreeDirections) -> bool:
    parts = (found.constant_inputs, found.gated_inputs, found.rescalings, found.dead_units, found.open)
    return found.free == found.P - found.rank == sum(part or 0 for part in parts)


@pytest.mark.parametrize(("count", "rank"), [(3, 2), (40, 2), (1, 1)])
def test_the_rank_of_a_linear_model_is_that_of_its_inputs_times_its_outputs(count: int, rank: int) -> None:
    inputs = examples(count, (2,))[0] @ examples(2, (7,), seed=5)[0]
    found = measured(stack(7, 3, bias=False), inputs)
    assert (found.rank, found.free) == (3 * rank, 21 - 3 * rank)
    assert adds_up(found)
    assert found.smallest_kept is not None
    assert found.smallest_kept > 1e6 * found.tolerance


@pytest.mark.parametrize("constant", [0.0, 1.5])
def test_constant_inputs_and_rescalings_explain_every_free_direction_of_a_narrow_network(constant: float) -> None:
    inputs = examples(400)[0]
    inputs[:, [1, 4]] = constant
    found = measured(stack(6, 4, 3), inputs)
    assert (found.constant_inputs, found.rescalings, found.dead_units, found.open) == (8, 4, 0, 0)
    assert adds_up(found)


def test_without_a_bias_one_constant_input_that_is_not_zero_is_needed() -> None:
    inputs = examples(400)[0]
    inputs[:, [1, 4]] = 1.0
    found = measured(stack(6, 4, 3, bias=False), inputs)
    assert (found.constant_inputs, found.rescalings, found.open) == (4, 4, 0)


def test_an_input_that_varies_only_while_a_unit_rests_is_free_there_and_only_there() -> None:
    inputs = examples(400)[0]
    model = stack(6, 4, 3)
    inputs[:, 2] = 0.0
    model[0].weight.data[0, 2] = 0.0
    resting = model[0](inputs)[:, 0] < 0
    inputs[resting, 2] = examples(400)[0][resting, 2]
    found = measured(model, inputs)
    assert (found.constant_inputs, found.gated_inputs, found.rescalings, found.open) == (0, 1, 4, 0)
    assert adds_up(found)


def test_inputs_that_depend_on_each_other_leave_one_direction_free_in_each_unit() -> None:
    inputs = examples(400)[0]
    inputs[:, 3] = 2 * inputs[:, 0] - inputs[:, 1] + 0.5
    found = measured(stack(6, 4, 3), inputs)
    assert (found.constant_inputs, found.gated_inputs, found.rescalings, found.open) == (0, 4, 4, 0)
    assert adds_up(found)


def test_the_weights_of_dead_units_are_counted_once() -> None:
    model = stack(6, 5, 4, 3, seed=7)
    with torch.no_grad():
        model[0].bias[:2] = -100.0
        model[2].bias[0] = -100.0
    found = measured(model, examples(400)[0])
    # two units with 6 + 1 weights in and 3 live units after; one with 5 + 1 in and 3 after
    assert found.dead_units == 2 * (7 + 3) + (6 + 3)
    assert found.rescalings == 3 + 3
    assert found.open == 0
    assert adds_up(found)


def test_a_wide_network_on_few_examples_leaves_p_minus_nk_free() -> None:
    found = measured(stack(6, 60, 3), examples(30)[0], count=10)
    assert (found.N, found.rank, found.free) == (10, 30, found.P - 30)
    assert found.largest_dropped is None
    assert found.open is not None
    assert found.open > 0
    assert adds_up(found)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
@pytest.mark.parametrize(("width", "count"), [(3, 40), (12, 10)])
def test_agrees_with_the_nullity_of_the_hessian_at_zero_loss(width: int, count: int) -> None:
    model, inputs = small_mlp(width), examples(count)[0]
    targets = model(inputs).detach()
    names = [name for name, _ in model.named_parameters()]
    shapes = [tensor.shape for tensor in model.parameters()]

    def loss(flat: Tensor) -> Tensor:
        parts = flat.split([shape.numel() for shape in shapes])
        state = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return nn.functional.mse_loss(functional_call(model, state, (inputs,)), targets)

    flat = nn.utils.parameters_to_vector(model.parameters()).detach()
    values = torch.linalg.eigvalsh(hessian(loss)(flat))
    found = measured(model, inputs)
    # eigenvalues are squared singular values over N K / 2: rounding there is about P eps
    assert found.free == int((values < 1e-13 * values[-1]).sum())
    assert values[-1].item() == pytest.approx(2 * found.largest**2 / (found.N * found.K))


def test_folding_in_chunks_gives_the_singular_values_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model, inputs = small_mlp(), examples(100)[0]
    whole = measured(model, inputs)
    monkeypatch.setattr("landscape.measures.freedom._ROWS", 7)
    folded = measured(model, inputs)
    assert folded.rank == whole.rank
    assert folded.smallest_kept == pytest.approx(whole.smallest_kept, rel=1e-10)


def test_other_families_give_the_total_and_no_explanation() -> None:
    found = measured(small_cnn(), examples(8, (1, 6, 6))[0])
    assert found.free == found.P - found.rank
    assert found.explained is None
    assert found.open is None
    assert found.rescalings is None


def test_the_model_is_bit_identical_afterwards() -> None:
    model = small_mlp(dtype=torch.float32)
    before = digest(model.state_dict().items())
    measured(model, examples(20, dtype=torch.float32)[0])
    assert digest(model.state_dict().items()) == before
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_refuses_what_it_cannot_measure() -> None:
    model, (inputs, targets) = small_mlp(), examples(20)
    objective = Objective(model, (inputs, targets))
    with pytest.raises(InputError, match="examples must be from 1 to N = 20"):
        free_directions(objective, examples=21)
    with pytest.raises(InputError, match="allow more"):
        free_directions(objective, memory=1000)
    with pytest.raises(InputError, match="at least 1 random vector"):
        free_directions(objective, sketch=0)


def low_rank(rank: int, rows: int, columns: int) -> Objective:
    """A linear model whose Jacobian is its (rows, columns) inputs, of that rank."""
    inputs = examples(rows, (rank,))[0] @ examples(rank, (columns,), seed=5)[0]
    return Objective(stack(columns, 1, bias=False), (inputs, inputs[:, :1]), loss=nn.functional.mse_loss)


def test_random_vectors_find_the_rank_where_they_exhaust_the_range() -> None:
    objective = low_rank(40, 700, 600)
    exact, found = free_directions(objective), free_directions(objective, sketch=200)
    assert (found.rank, found.rank_at_most, found.exact) == (exact.rank, exact.rank, False) == (40, 40, False)
    assert found.residual <= found.tolerance
    assert found.failure <= 1e-30
    assert found.largest == pytest.approx(exact.largest, rel=1e-10)
    assert found.smallest_kept == pytest.approx(exact.smallest_kept, rel=1e-6)


def test_too_few_random_vectors_leave_an_interval_that_holds_the_rank() -> None:
    objective = low_rank(300, 700, 600)
    found = free_directions(objective, sketch=100)
    # the inputs depend on each other, which the symmetries count
    assert (found.rank, found.rank_at_most, found.sketch) == (100, 300, 100)
    assert (found.free, found.free_at_least) == (500, 300)
    assert found.residual > found.tolerance


def test_a_jacobian_too_large_to_factor_gets_bounds_and_symmetries_tighten_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, inputs = stack(6, 40, 3), examples(400)[0]
    exact = measured(model, inputs)
    monkeypatch.setattr("landscape.measures.freedom.LIMIT", 10)
    found = measured(model, inputs)
    assert not found.exact
    assert found.rank <= exact.rank <= found.rank_at_most
    assert found.explained is not None
    assert found.rank_at_most <= found.P - found.explained
    assert adds_up(found)


def test_the_products_of_range_finding_are_those_of_the_jacobian() -> None:
    objective = Objective(small_cnn(), examples(9, (1, 6, 6)))
    inputs = objective.splits[0].batches[0][0]
    matrix = _Jacobian(objective, [inputs[:4], inputs[4:]])
    dense = _dense_jacobian(objective, inputs)
    across, along = torch.eye(objective.P, dtype=torch.float64), torch.eye(27, dtype=torch.float64)
    torch.testing.assert_close(matrix.times(across).T, dense)
    torch.testing.assert_close(matrix.transposed_times(along), dense)
