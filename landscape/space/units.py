"""Hidden units of a traced model: which axis of which tensor lists them, and which of them move together.

The model's forward is traced once (``torch.fx``). Every layer with weights opens a set of units; an elementwise sum
joins two sets, so that a residual stream has one. Channels of zeros that a shortcut appends are a set of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, TypeAlias

from torch import fx, nn

from landscape.errors import InputError

WeightLayer: TypeAlias = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d

LAYERS = (
    "alignment takes linear, convolution, BatchNorm, LayerNorm, activation, pool and flatten layers, in a row or in "
    "residual blocks"
)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_BATCHNORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
_ELEMENTWISE = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish),
    *(nn.Tanh, nn.Hardtanh, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Identity, nn.Dropout, nn.Dropout2d),
)
_ELEMENTWISE_CALLS = frozenset(
    [
        *("relu", "relu_", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish"),
        *("tanh", "hardtanh", "sigmoid", "softplus", "softsign", "dropout", "contiguous", "clone"),
    ]
)
_SUMS = frozenset(["add", "add_", "iadd", "sub", "sub_", "isub", "mul", "mul_", "imul", "truediv", "div"])
_POOL_CALLS = frozenset(f"{kind}_pool{dims}d" for kind in ("max", "avg", "adaptive_avg") for dims in (1, 2, 3))


@dataclass(eq=False)
class _Units:
    """Units that are permuted among each other; once split or joined, ``parts`` stand in its place."""

    size: int
    immovable: bool = False
    parts: tuple["_Units", ...] = ()

    def leaves(self) -> Iterator["_Units"]:
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    def split(self, size: int) -> None:
        self.parts = (_Units(size, self.immovable), _Units(self.size - size, self.immovable))

    def become(self, twin: "_Units") -> None:
        twin.immovable |= self.immovable
        self.parts = (twin,)


@dataclass(frozen=True)
class _Signal:
    """What flows along an edge: its units along axis 1 (none for the raw input), and how they lie.

    ``spatial`` counts the axes after them; ``flat`` says that an image was flattened, several values per unit.
    """

    units: tuple[_Units, ...] = ()
    spatial: int = 0
    flat: bool = False

    @property
    def raw(self) -> bool:
        return not self.units

    @property
    def size(self) -> int:
        return sum(units.size for units in self.units)

    def leaves(self) -> list[_Units]:
        return [leaf for units in self.units for leaf in units.leaves()]


@dataclass(frozen=True)
class Slot:
    """An axis of a tensor that lists units, ``repeat`` consecutive entries for each.

    ``spans`` are the sets along it in order: (index of the set, or None where nothing may move; number of units).
    """

    name: str
    axis: int
    spans: tuple[tuple[int | None, int], ...]
    repeat: int = 1


@dataclass(frozen=True)
class Structure:
    """All sets of hidden units (their sizes) and every slot that lists them."""

    sizes: tuple[int, ...]
    slots: tuple[Slot, ...]


def hidden_units(model: nn.Module) -> Structure:
    """The sets of hidden units of a model that may be permuted without changing what it computes.

    Raises:
        InputError: a layer or a call through which a permutation cannot be followed, by its name.
    """
    walk = _Walk(model)
    leaves_of = [(slot, [leaf for part in units for leaf in part.leaves()]) for slot, units in walk.slots]
    sets = list(dict.fromkeys(leaf for _, leaves in leaves_of for leaf in leaves if not leaf.immovable))
    index = {leaf: number for number, leaf in enumerate(sets)}
    slots = [
        replace(slot, spans=tuple((index.get(leaf), leaf.size) for leaf in leaves))
        for slot, leaves in leaves_of
        if any(leaf in index for leaf in leaves)
    ]
    return Structure(tuple(leaf.size for leaf in sets), tuple(slots))


@dataclass
class _Walk:
    """The graph of a model, walked once in the order it runs."""

    model: nn.Module
    slots: list[tuple[Slot, tuple[_Units, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signals: dict[fx.Node, _Signal] = {}
        self.uses: dict[str, tuple[_Signal, _Signal]] = {}
        steps: dict[str, Callable[[fx.Node], _Signal]] = {
            "placeholder": lambda node: _Signal(),
            "call_module": self._module,
            "call_function": self._call,
            "call_method": self._call,
            "get_attr": self._attribute,
            "output": self._output,
        }
        for node in _trace(self.model).nodes:
            self.signals[node] = steps[node.op](node)

    def _module(self, node: fx.Node) -> _Signal:
        name = str(node.target)
        layer, signal = self.model.get_submodule(name), self._inputs(node)[0]
        if name in self.uses and list(layer.parameters()):
            # used again: the same weights tie the units of both uses
            before, after = self.uses[name]
            self._join(before, signal, name)
            return after
        result = self._layer(name, layer, signal)
        self.uses[name] = (signal, result)
        return result

    def _layer(self, name: str, layer: nn.Module, signal: _Signal) -> _Signal:
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            return self._weights(name, layer, signal)
        if isinstance(layer, nn.Flatten) and (layer.start_dim, layer.end_dim) == (1, -1):
            return _flatten(signal)
        if isinstance(layer, _ELEMENTWISE) or (isinstance(layer, _POOLS) and (signal.raw or signal.spatial)):
            return signal
        width = _width(layer)
        if width is None or (isinstance(layer, nn.LayerNorm) and signal.spatial):
            _refuse(f"layer {name!r} is a {type(layer).__name__}")
        if not signal.raw and width > 1:
            repeat = self._repeat(name, width, signal)
            for key, tensor in (*layer.named_parameters(), *layer.named_buffers()):
                if tensor.dim():
                    self._note(f"{name}.{key}", 0, signal.units, repeat)
        return signal

    def _weights(self, name: str, layer: WeightLayer, signal: _Signal) -> _Signal:
        """Opens a set of units; its inputs are slots of the one before."""
        units, inputs = layer.weight.shape[:2]
        spatial = layer.weight.dim() - 2
        if not isinstance(layer, nn.Linear) and layer.groups != 1:
            return self._depthwise(name, layer, signal)
        if not signal.raw:
            if signal.spatial != spatial or (spatial and signal.flat):
                _refuse(f"layer {name!r} does not read the {signal.size} units before it along their axis")
            self._note(f"{name}.weight", 1, signal.units, self._repeat(name, inputs, signal))
        outputs = (_Units(units),)
        for key, _ in layer.named_parameters():
            self._note(f"{name}.{key}", 0, outputs)
        return _Signal(outputs, spatial)

    def _depthwise(self, name: str, layer: WeightLayer, signal: _Signal) -> _Signal:
        if signal.raw or signal.flat or not layer.weight.shape[0] == signal.size == getattr(layer, "groups", 0):
            _refuse(f"layer {name!r} is a grouped convolution, and not one filter for each unit")
        for key, _ in layer.named_parameters():
            self._note(f"{name}.{key}", 0, signal.units)
        return signal

    def _call(self, node: fx.Node) -> _Signal:
        """A function or method of torch; what has no weights may do anything to the raw input."""
        target = node.target
        # a function of that name elsewhere may do anything
        is_torch = isinstance(target, str) or getattr(target, "__module__", "").split(".")[0] in ("torch", "_operator")
        call = target if isinstance(target, str) else getattr(target, "__name__", str(target)).lstrip("_")
        signals = self._inputs(node)
        first = signals[0] if signals else _Signal()
        if all(signal.raw for signal in signals) or call == "size" or (target is getattr and node.args[1] == "shape"):
            return _Signal()
        if is_torch and call in _SUMS:
            for second in signals[1:]:
                first = self._join(first, second, _where(node, call))
            return first
        if is_torch and (call in _ELEMENTWISE_CALLS or (call in _POOL_CALLS and first.spatial)):
            return first
        reshape = _RESHAPES.get(call) if is_torch else None
        result = reshape(node, first) if reshape else None
        if result is None:
            _refuse(f"{_where(node, call)} cannot be followed")
        return result

    def _attribute(self, node: fx.Node) -> _Signal:
        _refuse(f"{node.target!r} is used outside of a layer")

    def _output(self, node: fx.Node) -> _Signal:
        # the outputs are the network's own: nobody may permute them
        for signal in self._inputs(node):
            _hold(signal)
        return _Signal()

    def _inputs(self, node: fx.Node) -> list[_Signal]:
        signals: list[_Signal] = []
        fx.map_arg((node.args, node.kwargs), lambda argument: signals.append(self.signals[argument]))
        return signals

    def _join(self, first: _Signal, second: _Signal, where: str) -> _Signal:
        """Both list the same units from now on, set by set; sets of different size are split."""
        if first.raw or second.raw:
            _hold(first)
            _hold(second)
            return second if first.raw else first
        if (first.size, first.spatial, first.flat) != (second.size, second.spatial, second.flat):
            _refuse(f"{where} joins {first.size} units with {second.size} that lie otherwise")
        # a larger set is cut where the smaller one across from it ends; what is left of it meets the next
        while pair := next(((a, b) for a, b in zip(first.leaves(), second.leaves(), strict=False) if a is not b), None):
            small, large = sorted(pair, key=lambda units: units.size)
            if small.size < large.size:
                large.split(small.size)
            else:
                small.become(large)
        return first

    def _repeat(self, name: str, inputs: int, signal: _Signal) -> int:
        if inputs % signal.size or (inputs != signal.size and not signal.flat):
            _refuse(f"layer {name!r} does not read the {signal.size} units before it")
        return inputs // signal.size

    def _note(self, name: str, axis: int, units: tuple[_Units, ...], repeat: int = 1) -> None:
        self.slots.append((Slot(name, axis, (), repeat), units))


def _trace(model: nn.Module) -> fx.Graph:
    tracer = fx.Tracer()
    try:
        # a single layer would be traced to the operations inside of it
        return tracer.trace(nn.Sequential(model) if tracer.is_leaf_module(model, "") else model)
    except Exception as error:  # a forward that is run on stand-ins may fail in any way
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"the forward of {type(model).__name__} cannot be traced ({reason}); {LAYERS}") from error


def _flatten(signal: _Signal) -> _Signal:
    return replace(signal, spatial=0, flat=signal.flat or signal.spatial > 0)


def _flatten_call(node: fx.Node, signal: _Signal) -> _Signal | None:
    first, last = _argument(node, 1, "start_dim", 0), _argument(node, 2, "end_dim", -1)
    return _flatten(signal) if (first, last) == (1, -1) else None


def _view_call(node: fx.Node, signal: _Signal) -> _Signal | None:
    """``x.view(len(x), -1)``."""
    shape = node.args[1:]
    return _flatten(signal) if len(shape) == 2 and isinstance(shape[0], fx.Node) and shape[1] == -1 else None


def _mean_call(node: fx.Node, signal: _Signal) -> _Signal | None:
    """The mean over all places of an image."""
    dims, count = _argument(node, 1, "dim"), signal.spatial + 2
    axes = dims if isinstance(dims, Sequence) else [dims]
    if signal.spatial == 0 or any(not isinstance(axis, int) for axis in axes):
        return None
    if {axis % count for axis in axes} != set(range(2, count)):
        return None
    return signal if _argument(node, 2, "keepdim", False) else replace(signal, spatial=0)


def _index_call(node: fx.Node, signal: _Signal) -> _Signal | None:
    """``x[:, :, ::2, ::2]``: some of the places, all of the units."""
    index: Any = node.args[1]
    if not isinstance(index, tuple) or any(not isinstance(part, slice) for part in index):
        return None
    whole = all(part == slice(None) for part in index[:2])
    return signal if whole and len(index) <= signal.spatial + 2 and not signal.flat else None


def _pad_call(node: fx.Node, signal: _Signal) -> _Signal | None:
    """Padding of the places, or units of zeros before and after a shortcut's own."""
    widths = _argument(node, 1, "pad")
    if not isinstance(widths, Sequence) or signal.flat or any(not isinstance(width, int) for width in widths):
        return None
    extra = list(widths)[2 * signal.spatial :]
    if not any(extra):
        return signal
    if len(extra) != 2 or min(extra) < 0 or _argument(node, 2, "mode", "constant") != "constant":
        return None
    before, after = ((_Units(width),) if width else () for width in extra)
    return replace(signal, units=(*before, *signal.units, *after))


def _argument(node: fx.Node, position: int, name: str, default: Any = None) -> Any:
    return node.args[position] if len(node.args) > position else node.kwargs.get(name, default)


_RESHAPES: dict[str, Callable[[fx.Node, _Signal], _Signal | None]] = {
    "flatten": _flatten_call,
    "view": _view_call,
    "reshape": _view_call,
    "mean": _mean_call,
    "getitem": _index_call,
    "pad": _pad_call,
}


def _width(layer: nn.Module) -> int | None:
    """Units that a norm layer or PReLU has a number for; None for any other layer."""
    if isinstance(layer, _BATCHNORMS):
        return layer.num_features
    if isinstance(layer, nn.PReLU):
        return layer.num_parameters
    if isinstance(layer, nn.LayerNorm) and len(layer.normalized_shape) == 1:
        return int(layer.normalized_shape[0])
    return None


def _hold(signal: _Signal) -> None:
    for leaf in signal.leaves():
        leaf.immovable = True


def _where(node: fx.Node, call: str) -> str:
    stack: Any = node.meta.get("nn_module_stack") or {}
    inside = next(reversed(stack), "")
    return f"the call of {call} in {inside!r}" if inside else f"the call of {call}"


def _refuse(problem: str) -> NoReturn:
    raise InputError(f"{problem}; {LAYERS}")
