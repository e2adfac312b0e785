import math

import pytest
import torch
from problems import examples, quadratic, small_cnn, small_mlp
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from landscape.errors import InputError, ObjectiveError
from landscape.objective.objective import Objective
from landscape.records.base import SCHEMA_NAMES


def state_of(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.detach().numpy().tobytes() for name, tensor in model.state_dict().items()}


def test_the_centre_is_the_plain_loss_and_accuracy() -> None:
    model, (x, y) = small_mlp(), examples(50)
    measured = Objective(model, (x, y), test=examples(20, seed=9)).at_centre()
    assert measured["train_loss"] == pytest.approx(cross_entropy(model(x), y).item(), abs=1e-14)
    assert measured["train_accuracy"] == (model(x).argmax(1) == y).double().mean().item()
    assert set(measured) == {"train_loss", "train_accuracy", "test_loss", "test_accuracy"}


@pytest.mark.parametrize("batch_size", [1, 7, 16, 50])
def test_every_example_counts_once_also_in_a_ragged_last_batch(batch_size: int) -> None:
    model, (x, y) = small_mlp(), examples(50)
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size)
    whole = Objective(model, (x, y)).at_centre()
    assert Objective(model, loader).at_centre() == pytest.approx(whole, abs=1e-14)


def test_the_model_is_bit_identical_afterwards() -> None:
    model = small_cnn()
    model[0].weight.requires_grad_(False)  # type: ignore[union-attr, operator]
    before = state_of(model), [p.requires_grad for p in model.parameters()], [m.training for m in model.modules()]
    objective = Objective(model, examples(8, (1, 6, 6)))
    objective.evaluate({"0.weight": torch.randn(3, 3, 1, 3, 3, dtype=torch.float64)})
    assert objective.K == 3
    after = state_of(model), [p.requires_grad for p in model.parameters()], [m.training for m in model.modules()]
    assert before == after
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_training_the_model_later_does_not_move_the_centre() -> None:
    model = small_mlp()
    objective = Objective(model, examples(10))
    before = objective.at_centre()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    assert objective.at_centre() == before


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.BatchNorm1d(6)])
def test_train_mode_is_refused_with_the_way_out(layer: nn.Module) -> None:
    model = nn.Sequential(layer, nn.Linear(6, 3)).double().train()
    with pytest.raises(ObjectiveError, match=r"call model\.eval\(\) first"):
        Objective(model, examples(8))
    Objective(model.eval(), examples(8))


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3).double()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.layer(inputs + torch.randn_like(inputs))
        return outputs


def test_a_random_model_is_refused() -> None:
    with pytest.raises(ObjectiveError, match="draws random"):
        Objective(Noisy(), examples(8))


def test_weights_that_are_not_finite_are_refused() -> None:
    model = small_mlp()
    with torch.no_grad():
        model[1].weight[0, 0] = math.nan  # type: ignore[index]
    with pytest.raises(ObjectiveError, match=r"'1\.weight' holds 1 values that are not finite"):
        Objective(model, examples(8))


def test_a_loss_that_is_not_finite_is_refused() -> None:
    x, y = examples(8)
    with pytest.raises(ObjectiveError, match="train_loss at the centre is nan"):
        Objective(small_mlp(), (x * math.nan, y))


def test_complex_parameters_are_refused() -> None:
    model = nn.Linear(2, 1, bias=False, dtype=torch.complex64)
    with pytest.raises(ObjectiveError, match="only real floating-point"):
        Objective(model, (torch.zeros(1, 2), torch.zeros(1)))


def test_a_model_without_parameters_is_refused() -> None:
    with pytest.raises(ObjectiveError, match="no parameters"):
        Objective(nn.ReLU(), examples(4))


def test_the_fingerprint_tells_weights_data_loss_and_precision_apart() -> None:
    base = Objective(small_mlp(), examples(10)).fingerprint
    assert Objective(small_mlp(), examples(10)).fingerprint == base
    changed = [
        ("weights", Objective(small_mlp(seed=1), examples(10))),
        ("data", Objective(small_mlp(), examples(10, seed=5))),
        ("loss", Objective(small_mlp(), examples(10), loss=lambda o, y: cross_entropy(o, y))),
        ("dtype", Objective(small_mlp(), examples(10), dtype=torch.float32)),
    ]
    for key, objective in changed:
        assert objective.fingerprint[key] != base[key]


def test_targets_that_are_no_classes_have_no_accuracy() -> None:
    objective, _ = quadratic([1.0, 2.0])
    assert objective.metric_names == ("train_loss",)


def test_an_objective_counts_parameters_examples_and_outputs() -> None:
    objective = Objective(small_mlp(4), examples(11))
    assert (objective.P, objective.N, objective.K) == (6 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3, 11, 3)
    assert objective.batchnorm == "none"
    assert Objective(small_cnn(), examples(4, (1, 6, 6))).batchnorm == "frozen"


def test_a_copy_on_the_first_examples_has_facts_of_its_own() -> None:
    x, y = examples(30)
    objective = Objective(small_mlp(), (x, y), test=examples(4))
    whole = objective.fingerprint["data"]
    part = objective.on_first_examples(10)
    assert [split.num_examples for split in part.splits] == [10, 4]
    assert part.fingerprint["data"] != whole == objective.fingerprint["data"]
    assert part.at_centre()["train_loss"] == pytest.approx(cross_entropy(small_mlp()(x[:10]), y[:10]).item(), abs=1e-14)
    assert part.origin is objective.origin


def test_a_twin_has_a_model_of_its_own_and_no_tensor_of_its_own() -> None:
    objective = Objective(small_cnn(), examples(8, (1, 6, 6)))
    twin = objective.twin()
    assert twin.model is not objective.model
    first, second = (model.state_dict(keep_vars=True) for model in (twin.model, objective.model))
    assert all(first[name] is second[name] for name in second)
    assert twin.at_centre() == objective.at_centre()


@pytest.mark.parametrize("name", sorted(SCHEMA_NAMES))
def test_a_term_that_no_file_could_hold_is_refused_at_the_start(name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}' cannot name a metric; expected a word such as 'l2'"):
        Objective(small_mlp(), examples(9), terms={name: lambda point: torch.ones(())})


def test_the_loss_alone_has_neither_accuracy_nor_test_examples_nor_terms() -> None:
    terms = {"one": lambda point: torch.ones(())}
    objective = Objective(small_mlp(), examples(9), test=examples(5), terms=terms)
    assert objective.metric_names == ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "one")
    assert objective.without_terms().metric_names == objective.metric_names[:-1]
    assert objective.loss_only().at_centre() == {"train_loss": objective.at_centre()["train_loss"]}


def test_the_shares_of_the_batches_add_up_to_the_training_loss() -> None:
    objective = Objective(small_mlp(), examples(10))
    shares = [objective.loss_share({}, batch) for batch in objective.splits[0].chunks(3)]
    assert sum(share.item() for share in shares) == pytest.approx(objective.at_centre()["train_loss"], abs=1e-14)
