"""One precision for all that a user's code computes, whatever narrower tensors it holds or makes.

A hidden state from ``torch.zeros``, class weights in a loss, ``x.float()`` in a forward: each keeps its values, and
what is computed from it is computed in the wider precision.
"""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

# These see the tensor itself: a copy has no graph, and what is written into it is lost.
_ON_THE_TENSOR = frozenset(("__get__", "__set__", "__delete__", "grad", "backward", "register_hook"))
_NARROWING = frozenset(("float", "half", "bfloat16"))


class Promotion(TorchFunctionMode):
    """While this holds, every narrower floating-point tensor that a function takes or makes is one of ``dtype``."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in _ON_THE_TENSOR:
            return func(*args, **(kwargs or {}))
        if name in _NARROWING:
            return args[0].to(self.dtype)
        in_place = name.startswith("__i") or name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))
        first = args[:1] if in_place else tree_map(self._promote, args[:1])
        rest = tree_map(self._promote, args[1:])
        named = {
            key: value if key == "out" else tree_map(self._promote, value) for key, value in (kwargs or {}).items()
        }
        result = func(*first, *rest, **named)
        return result if in_place else tree_map(self._promote, result)

    def _promote(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.to(self.dtype) if self._is_narrower(value.dtype) else value
        return self.dtype if isinstance(value, torch.dtype) and self._is_narrower(value) else value

    def _is_narrower(self, dtype: torch.dtype) -> bool:
        return dtype.is_floating_point and dtype.itemsize < self.dtype.itemsize
