import pytest
import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state

from landscape.train.losses import accuracy, cross_entropy
from landscape.train.networks import NetworkConfig, build
from landscape.train.traced import Shapes, measuring_program, step_program

IN_SHAPE, K = (1, 4, 4), 3
FAMILIES = [
    NetworkConfig("mlp", 5),
    NetworkConfig("mlp", 4, 2),
    NetworkConfig("cnn", 2, 2),
    NetworkConfig("resnet", 2, 8),
]
# 80 rows, 3 columns and 1,200 examples: beyond TALL and TALL_PRODUCT
TALL = NetworkConfig("mlp", 80)


def shapes(network: NetworkConfig, *, members: int = 2, examples: int = 6) -> Shapes:
    cpu = torch.device("cpu")
    return Shapes(network, IN_SHAPE, K, members, examples, cross_entropy, cpu, torch.float32)


def batch(asked: Shapes, *lead: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(*lead, asked.examples, *IN_SHAPE, generator=generator)
    return inputs, torch.randint(K, (*lead, asked.examples), generator=generator)


def members_of(asked: Shapes) -> tuple[list[torch.nn.Module], list[Tensor], list[Tensor]]:
    members = [build(asked.network, IN_SHAPE, K, seed=seed) for seed in range(asked.members)]
    parameters, buffers = stack_module_state(members)
    return members, [tensor.detach() for tensor in parameters.values()], list(buffers.values())


@pytest.mark.parametrize("network", [*FAMILIES, TALL], ids=NetworkConfig.describe)
def test_the_step_gives_each_member_its_own_loss_gradient_and_buffers(network: NetworkConfig) -> None:
    asked = shapes(network, examples=1200 if network == TALL else 6)
    members, parameters, buffers = members_of(asked)
    inputs, targets = batch(asked, asked.members)
    losses, *gradients = step_program(asked)(*parameters, *buffers, inputs, targets)
    for position, member in enumerate(members):
        loss = cross_entropy(member(inputs[position]), targets[position])
        loss.backward()
        # a batched convolution sums in another order
        torch.testing.assert_close(losses[position], loss.detach(), rtol=1e-5, atol=1e-6)
        for gradient, parameter in zip(gradients, member.parameters(), strict=True):
            torch.testing.assert_close(gradient[position], parameter.grad, rtol=1e-4, atol=1e-5)
        for ours, theirs in zip(buffers, member.buffers(), strict=True):
            torch.testing.assert_close(ours[position], theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("network", FAMILIES, ids=NetworkConfig.describe)
def test_a_step_has_the_bits_of_vmap_and_autograd(network: NetworkConfig) -> None:
    asked = shapes(network)
    members, parameters, buffers = members_of(asked)
    inputs, targets = batch(asked, asked.members)
    names, statistics = [name for name, _ in members[0].named_parameters()], dict(members[0].named_buffers())

    def loss(parameters: list[Tensor], buffers: list[Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        state = (dict(zip(names, parameters, strict=True)), dict(zip(statistics, buffers, strict=True)))
        return cross_entropy(functional_call(members[0], state, (inputs,)), targets)

    leaves, moved = [parameter.clone().requires_grad_() for parameter in parameters], [b.clone() for b in buffers]
    plain = torch.func.vmap(loss)(leaves, moved, inputs, targets)
    losses, *gradients = step_program(asked)(*parameters, *buffers, inputs, targets)
    assert torch.equal(losses, plain)
    for ours, theirs in zip(gradients, torch.autograd.grad(plain.sum(), leaves), strict=True):
        assert torch.equal(ours, theirs)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(buffers, moved, strict=True))


def test_a_tall_product_is_taken_the_other_way_round_and_no_other_is() -> None:
    def turned(network: NetworkConfig, examples: int) -> int:
        module = step_program(shapes(network, examples=examples)).__self__  # type: ignore[attr-defined]
        bmm = torch.ops.aten.bmm.default
        products = [node for node in module.graph.nodes if node.target is bmm]
        return sum(all(argument.name.startswith("transpose_int") for argument in node.args) for node in products)

    assert turned(TALL, 1200) == 1
    assert turned(TALL, 6) == 0


def test_measuring_is_the_mean_loss_and_accuracy_of_every_member() -> None:
    for network in FAMILIES:
        asked = shapes(network, members=3)
        members, parameters, buffers = members_of(asked)
        inputs, targets = batch(asked)
        (found,) = measuring_program(asked)(*parameters, *buffers, inputs, targets)
        for position, member in enumerate(members):
            outputs = member.eval()(inputs)
            assert found[0, position].item() == pytest.approx(cross_entropy(outputs, targets).item(), rel=1e-5)
            assert found[1, position].item() == pytest.approx(accuracy(outputs, targets).item())


def test_a_program_is_kept_for_the_same_shapes_and_made_anew_for_others() -> None:
    asked = shapes(FAMILIES[0])
    assert step_program(asked) is step_program(shapes(FAMILIES[0]))
    assert step_program(asked) is not step_program(asked.of(7))
