import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call, vmap

from landscape.errors import InputError
from landscape.train.networks import (
    PAIR,
    PRESETS,
    NetworkConfig,
    ResidualBlock,
    build,
    cnn,
    count_parameters,
    mlp,
    resnet,
)

DIGITS = (1, 8, 8)
SMALL = [
    NetworkConfig("mlp", 3),
    NetworkConfig("mlp", 2, 3),
    NetworkConfig("cnn", 2),
    NetworkConfig("resnet", 2, 8),
    NetworkConfig("resnet", 2, 8, skip=False),
]
names = [config.describe() for config in SMALL]


@pytest.mark.parametrize(
    ("width", "count"), [(2, 160), (4, 310), (8, 610), (19, 1435), (64, 4810), (192, 14410), (512, 38410)]
)
def test_mlp_on_digits_has_the_known_number_of_parameters(width, count):
    assert count_parameters(build(NetworkConfig("mlp", width), DIGITS, 10, seed=0)) == count


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 20), st.integers(1, 5))
def test_mlp_count_equals_its_closed_form(w, depth, d, K):  # noqa: N803
    expected = (d + 1) * w + (depth - 1) * (w + 1) * w + (w + 1) * K
    assert count_parameters(mlp((d,), K, width=w, depth=depth)) == expected


@settings(deadline=None)
@given(st.integers(1, 6))
def test_cnn_count_equals_its_closed_form(w):
    # 8x8: two poolings, so channels w, 2w, 4w; each convolution has a bias
    expected = (9 + 1) * w + (9 * w + 1) * 2 * w + (9 * 2 * w + 1) * 4 * w + (4 * w + 1) * 10
    assert count_parameters(cnn(DIGITS, 10, width=w)) == expected


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_resnet_count_equals_its_closed_form(w, n, skip):
    norms = 2 * w + 2 * 2 * n * (w + 2 * w + 4 * w)
    same = 9 * (2 * n * w**2 + (2 * n - 1) * (2 * w) ** 2 + (2 * n - 1) * (4 * w) ** 2)
    widening = 9 * (w * 2 * w + 2 * w * 4 * w)
    expected = 9 * 3 * w + same + widening + norms + (4 * w + 1) * 10
    assert count_parameters(resnet((3, 8, 8), 10, width=w, depth=6 * n + 2, skip=skip)) == expected


def test_resnet_20_has_the_papers_number_of_parameters_with_and_without_skip():
    full, plain = (count_parameters(resnet((3, 32, 32), 10, skip=skip)) for skip in (True, False))
    assert full == plain == 269_722


def test_resnet_depth_counts_the_layers_with_weights():
    model = resnet((3, 32, 32), 10, width=1, depth=20)
    assert sum(isinstance(module, nn.Conv2d | nn.Linear) for module in model.modules()) == 20


@pytest.mark.parametrize("config", SMALL, ids=names)
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (2, 7, 9), (1, 1, 1)])
def test_every_family_takes_images_of_any_size(config, shape):
    model = build(config, shape, 7, seed=0).eval()
    assert model(torch.zeros(4, *shape)).shape == (4, 7)


def test_mlp_takes_tables_and_the_others_refuse_them():
    assert build(NetworkConfig("mlp", 3), (5,), 2, seed=0)(torch.zeros(4, 5)).shape == (4, 2)
    for family in ("cnn", "resnet"):
        with pytest.raises(InputError, match=r"needs images \(C, H, W\)"):
            build(NetworkConfig(family, 3), (5,), 2, seed=0)


@pytest.mark.parametrize("config", SMALL, ids=names)
def test_first_layer_with_parameters_sees_the_raw_input(config):
    model = build(config, DIGITS, 10, seed=0)
    first = next(module for module in model.modules() if list(module.parameters(recurse=False)))
    seen = []
    first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    x = torch.randn(4, *DIGITS)
    model(x)
    assert torch.equal(seen[0].reshape(x.shape), x)


def test_block_with_zero_weights_passes_its_input_on():
    block = ResidualBlock(2, 4, stride=2).eval()
    nn.init.zeros_(block.norm2.weight)
    x = torch.rand(3, 2, 5, 5)
    expected = torch.cat([x[:, :, ::2, ::2], torch.zeros(3, 2, 3, 3)], dim=1)
    assert torch.equal(block(x), expected)
    block.skip = False
    assert torch.equal(block(x), torch.zeros(3, 4, 3, 3))


def test_skip_changes_the_function_and_not_the_weights():
    full, plain = (build(NetworkConfig("resnet", 2, 8, skip), DIGITS, 10, seed=0).eval() for skip in (True, False))
    assert all(torch.equal(a, b) for a, b in zip(full.parameters(), plain.parameters(), strict=True))
    x = torch.randn(4, *DIGITS)
    assert not torch.allclose(full(x), plain(x))


@pytest.mark.parametrize("config", SMALL, ids=names)
def test_weights_depend_on_the_seed_alone(config):
    torch.manual_seed(1)
    first = build(config, DIGITS, 10, seed=5).state_dict()
    torch.manual_seed(2)
    again, other = build(config, DIGITS, 10, seed=5).state_dict(), build(config, DIGITS, 10, seed=6).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_build_leaves_the_global_random_state_alone():
    state = torch.random.get_rng_state()
    build(NetworkConfig("resnet", 2, 8), DIGITS, 10, seed=5)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("config", SMALL, ids=names)
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
def test_stacked_members_equal_each_member_alone(config, train):
    members = [build(config, DIGITS, 10, seed=seed).double().train(train) for seed in range(3)]
    base = build(config, DIGITS, 10, seed=9).double().train(train)
    untouched = {name: value.clone() for name, value in base.state_dict().items()}
    x = torch.randn(6, *DIGITS, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    parameters = {
        name: torch.stack([member.get_parameter(name).detach() for member in members]).requires_grad_()
        for name, _ in base.named_parameters()
    }
    buffers = {name: torch.stack([member.get_buffer(name) for member in members]) for name, _ in base.named_buffers()}

    def outputs_of(one, state):
        return functional_call(base, (one, state), (x,))

    outputs = vmap(outputs_of, randomness="error")(parameters, buffers)
    gradients = torch.autograd.grad(outputs.square().sum(), list(parameters.values()))
    for k, member in enumerate(members):
        alone = member(x)
        expected = torch.autograd.grad(alone.square().sum(), list(member.parameters()))
        torch.testing.assert_close(outputs[k], alone, rtol=1e-12, atol=1e-12)
        # sums over examples and places are grouped differently: rounding relative to the largest entry
        for ours, theirs in zip(gradients, expected, strict=True):
            torch.testing.assert_close(ours[k], theirs, rtol=0, atol=1e-12 * (1 + theirs.abs().max().item()))
        for name, value in member.named_buffers():
            torch.testing.assert_close(buffers[name][k], value, rtol=1e-12, atol=1e-12)
    assert all(torch.equal(value, untouched[name]) for name, value in base.state_dict().items())


def test_presets_are_a_pair_that_differs_in_width_only():
    narrow, wide = (PRESETS[name] for name in PAIR)
    assert (narrow.width, wide.width) == (4, 512)
    assert {**narrow.to_dict(), "width": 0} == {**wide.to_dict(), "width": 0}


@pytest.mark.parametrize("config", SMALL, ids=names)
def test_config_survives_json(config):
    assert NetworkConfig(**json.loads(json.dumps(config.to_dict()))) == config


def test_default_depth_is_filled_in():
    assert NetworkConfig("mlp", 4) == NetworkConfig("mlp", 4, 1)
    assert NetworkConfig("resnet", 16).depth == 20


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (NetworkConfig("mlp", 512), "mlp, width 512"),
        (NetworkConfig("mlp", 256, 3), "mlp, width 256, depth 3"),
        (NetworkConfig("cnn", 8), "cnn, width 8, depth 3"),
        (NetworkConfig("resnet", 16, skip=False), "resnet, width 16, depth 20, no skip"),
    ],
)
def test_describe_names_family_and_size(config, words):
    assert config.describe() == words


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("vit", 4), "unknown family 'vit'; expected mlp, cnn, resnet"),
        (("mlp", 0), "whole numbers from 1"),
        (("mlp", 4, 0), "whole numbers from 1"),
        (("mlp", 2.5), "whole numbers from 1"),
        (("mlp", "4"), "whole numbers from 1"),
        (("resnet", 16, 19), "must be 6n \\+ 2"),
        (("resnet", 16, 2), "must be 6n \\+ 2"),
        (("mlp", 4, 1, False), "only a resnet has skip connections"),
    ],
)
def test_config_refuses_what_cannot_be_built(given, message):
    with pytest.raises(InputError, match=message):
        NetworkConfig(*given)


@pytest.mark.parametrize(("shape", "outputs"), [((), 10), ((0,), 10), ((1, 8, 0), 10), ((5,), 0)])
def test_build_refuses_empty_inputs_and_outputs(shape, outputs):
    with pytest.raises(InputError, match="at least 1"):
        build(NetworkConfig("mlp", 4), shape, outputs, seed=0)
