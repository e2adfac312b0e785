"""Network families whose width is the only difference inside a pair: `mlp`, `cnn`, `resnet`.

All are plain modules of standard layers, the first layer with parameters sees the raw input, and all run under
``torch.func.functional_call`` and ``vmap`` over stacked parameters and buffers.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

from landscape.errors import InputError

Family: TypeAlias = Literal["mlp", "cnn", "resnet"]

DEFAULT_DEPTH: dict[Family, int] = {"mlp": 1, "cnn": 3, "resnet": 20}
# He et al. 2016, section 4.2: three stages, the side halved and the channels doubled between them.
_NUM_STAGES = 3


@dataclass(frozen=True)
class NetworkConfig:
    """Family and size of a network; what is left to choose is fixed by the data (input shape, number of outputs).

    Args:
        family: ``"mlp"``, ``"cnn"`` or ``"resnet"``.
        width: hidden units (mlp), channels of the first convolution (cnn, resnet); at least 1.
        depth: hidden layers (mlp), convolutions (cnn), or layers with weights, 6n + 2 of them (resnet). ``None`` takes
            the family's default, 1, 3 or 20; the field then holds that number.
        skip: skip connections, which only a resnet has.

    Raises:
        InputError: if the family is unknown or a number does not fit it.
    """

    family: Family
    width: int
    depth: int | None = None
    skip: bool = True

    def __post_init__(self) -> None:
        """Take the default depth, and refuse what does not fit the family."""
        if self.family not in get_args(Family):
            raise InputError(f"unknown family {self.family!r}; expected {', '.join(get_args(Family))}")
        if self.depth is None:
            object.__setattr__(self, "depth", DEFAULT_DEPTH[self.family])
        if not all(isinstance(size, int) and size >= 1 for size in (self.width, self.num_layers)):
            raise InputError(f"width and depth must be whole numbers from 1, got {self.width!r} and {self.depth!r}")
        if self.family == "resnet" and (self.num_layers < 8 or self.num_layers % 6 != 2):
            raise InputError(f"depth of a resnet must be 6n + 2 (8, 14, 20, 32, 44, 56, 110), got {self.depth}")
        if self.family != "resnet" and not self.skip:
            raise InputError(f"only a resnet has skip connections to leave out; the family is {self.family}")

    @property
    def num_layers(self) -> int:
        """The depth, default resolved."""
        return DEFAULT_DEPTH[self.family] if self.depth is None else self.depth

    def describe(self) -> str:
        """Family and size in words.

        >>> NetworkConfig("mlp", 512).describe()
        'mlp, width 512'
        >>> NetworkConfig("resnet", 16, 56, skip=False).describe()
        'resnet, width 16, depth 56, no skip'
        """
        depth = "" if self.family == "mlp" and self.depth == 1 else f", depth {self.depth}"
        return f"{self.family}, width {self.width}{depth}{'' if self.skip else ', no skip'}"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON takes them; ``NetworkConfig(**config.to_dict()) == config``."""
        return asdict(self)


PRESETS = {"narrow": NetworkConfig("mlp", 4), "wide": NetworkConfig("mlp", 512)}
PAIR = ("narrow", "wide")


def build(config: NetworkConfig, in_shape: Sequence[int], num_outputs: int, *, seed: int) -> nn.Module:
    """A freshly initialized network in train mode, on the CPU.

    The weights depend on ``seed`` alone, and the global random state is left as it was.

    Args:
        config: family and size.
        in_shape: shape of one input: (features,) or (C, H, W).
        num_outputs: K.
        seed: of the initialization.

    Raises:
        InputError: if the family cannot take inputs of that shape.
    """
    if num_outputs < 1 or not in_shape or min(in_shape) < 1:
        raise InputError(f"inputs of shape {tuple(in_shape)} and {num_outputs} outputs: all sizes must be at least 1")
    # not torch.manual_seed, which would reseed the GPUs as well
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        if config.family == "mlp":
            return mlp(in_shape, num_outputs, width=config.width, depth=config.num_layers)
        if config.family == "cnn":
            return cnn(in_shape, num_outputs, width=config.width, depth=config.num_layers)
        return resnet(in_shape, num_outputs, width=config.width, depth=config.num_layers, skip=config.skip)


def count_parameters(model: nn.Module) -> int:
    """P: all numbers in the parameters, a tied one counted once; buffers are not parameters.

    >>> count_parameters(nn.Linear(64, 10))
    650
    """
    return sum(parameter.numel() for parameter in model.parameters())


def mlp(in_shape: Sequence[int], num_outputs: int, *, width: int, depth: int = 1) -> nn.Sequential:
    """``depth`` hidden layers of ``width`` rectified units on the flattened input.

    P = (d + 1) w + (depth - 1) (w + 1) w + (w + 1) K for d input values, width w and K outputs.

    >>> count_parameters(mlp((1, 8, 8), 10, width=4))
    310
    """
    layers: list[nn.Module] = [nn.Flatten()]
    num_inputs = math.prod(in_shape)
    for _ in range(depth):
        layers += [nn.Linear(num_inputs, width), nn.ReLU()]
        num_inputs = width
    return nn.Sequential(*layers, nn.Linear(num_inputs, num_outputs))


def cnn(in_shape: Sequence[int], num_outputs: int, *, width: int, depth: int = 3) -> nn.Sequential:
    """``depth`` 3x3 convolutions with rectifiers, the mean over all places, then one linear layer; no normalization.

    Between convolutions the side is halved by maximum pooling and the channels are doubled, while the side is at least
    4; P therefore hardly depends on the size of the image.

    Raises:
        InputError: if inputs are not images (C, H, W).
    """
    channels, side = _image(in_shape, "cnn")
    layers: list[nn.Module] = []
    for layer in range(depth):
        if layer > 0 and side >= 4:
            layers.append(nn.MaxPool2d(2))
            width, side = 2 * width, side // 2
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_outputs))


def resnet(
    in_shape: Sequence[int], num_outputs: int, *, width: int = 16, depth: int = 20, skip: bool = True
) -> nn.Sequential:
    """Residual network for small images: one convolution, three stages of n blocks, mean over all places, linear.

    ``depth`` = 6n + 2 layers with weights; channels w, 2w, 4w; shortcuts without parameters (option A: every second
    place, new channels zero); BatchNorm after each convolution, which has no bias. Width 16 and depth 20 on 3x32x32
    are the ResNet-20 with 0.27 M parameters. Convolutions start from He et al.'s normal distribution.

    Args:
        in_shape: (C, H, W); 8x8 digits will do.
        num_outputs: K.
        width: channels of the first stage.
        depth: 6n + 2.
        skip: ``False`` leaves the shortcuts out and changes nothing else, not even P (Li et al. 2018, arXiv 1712.09913,
            section 5).

    Raises:
        InputError: if inputs are not images (C, H, W).

    References:
        He et al. 2016, arXiv 1512.03385, section 4.2; initialization: He et al. 2015, arXiv 1502.01852, section 2.2.
    """
    channels, _ = _image(in_shape, "resnet")
    layers: list[nn.Module] = [_convolution(channels, width), nn.BatchNorm2d(width), nn.ReLU()]
    channels = width
    for stage in range(_NUM_STAGES):
        for block in range((depth - 2) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            layers.append(ResidualBlock(channels, width * 2**stage, stride=stride, skip=skip))
            channels = width * 2**stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_outputs))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with BatchNorm; their input is added before the last rectifier, if ``skip``."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1, skip: bool = True) -> None:
        """A block that divides the side by ``stride``; ``out_channels`` is at least ``in_channels``."""
        super().__init__()
        self.conv1 = _convolution(in_channels, out_channels, stride)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = _convolution(out_channels, out_channels)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.stride, self.new_channels, self.skip = stride, out_channels - in_channels, skip

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, in_channels, H, W) to (n, out_channels, ceil(H / stride), ceil(W / stride))."""
        residual: Tensor = self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))
        if self.skip:
            residual = residual + self._shortcut(x)
        outputs: Tensor = self.relu(residual)
        return outputs

    def _shortcut(self, x: Tensor) -> Tensor:
        """The input, or every second place of it with channels of zeros after its own (option A)."""
        if self.stride == 1 and self.new_channels == 0:
            return x
        return nn.functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new_channels))


def _convolution(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    convolution = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return convolution


def _image(in_shape: Sequence[int], family: str) -> tuple[int, int]:
    if len(in_shape) != 3:
        raise InputError(f"a {family} needs images (C, H, W), but an input has shape {tuple(in_shape)}; use mlp")
    channels, height, width = in_shape
    return channels, min(height, width)
