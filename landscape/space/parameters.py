"""Points of parameter space as named tensors, and the arithmetic that never touches a model."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from landscape.errors import ObjectiveError

Parameters: TypeAlias = Mapping[str, Tensor]


def centre_of(
    model: nn.Module,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = torch.float32,
    without: Container[str] = (),
) -> Parameters:
    """A detached copy of the model's parameters, tied ones once, on ``device``, some left out by name.

    In ``dtype``, or each in its own for None.

    Raises:
        ObjectiveError: the model has no parameters, or one is not real floating point, or not finite.
    """
    parameters = {name: tensor.detach() for name, tensor in model.named_parameters() if name not in without}
    if not parameters:
        raise ObjectiveError("the model has no parameters to move: there is no landscape to look at")
    for name, tensor in parameters.items():
        _refuse_unusable(name, tensor)
    return {name: tensor.to(device, dtype or tensor.dtype, copy=True) for name, tensor in parameters.items()}


def count(parameters: Parameters) -> int:
    """P, the number of scalars in ``parameters``."""
    return sum(tensor.numel() for tensor in parameters.values())


def norm(parameters: Parameters) -> Tensor:
    """L2 norm over all tensors together, a 0-d float64 tensor on their device."""
    return torch.stack([tensor.double().square().sum() for tensor in parameters.values()]).sum().sqrt()


def dot(first: Parameters, second: Parameters) -> Tensor:
    """Inner product over the names both share, a 0-d float64 tensor."""
    products = [(first[name].double() * second[name].double()).sum() for name in first if name in second]
    return torch.stack(products).sum() if products else torch.zeros((), dtype=torch.float64)


def difference(end: Parameters, start: Parameters) -> dict[str, Tensor]:
    """``end - start``, tensor by tensor."""
    return {name: end[name] - start[name] for name in start}


def unflatten(vector: Tensor, like: Parameters) -> dict[str, Tensor]:
    """A vector (P,) as tensors of the shapes, dtypes and devices of ``like``, in its order."""
    parts = vector.split([tensor.numel() for tensor in like.values()])
    return {name: part.reshape(like[name].shape).to(like[name]) for name, part in zip(like, parts, strict=True)}


def select(stack: Parameters, index: int) -> dict[str, Tensor]:
    """Entry ``index`` of tensors that are stacked along their first dimension."""
    return {name: tensor[index] for name, tensor in stack.items()}


def stack_points(points: Parameters | Sequence[Parameters]) -> Parameters:
    """One point after another as tensors stacked along a new first dimension; what is stacked stays as it is."""
    if isinstance(points, Mapping):
        return points
    return {name: torch.stack([point[name] for point in points]) for name in (points[0] if points else ())}


def convert(parameters: Parameters, *, device: torch.device | str, dtype: torch.dtype) -> dict[str, Tensor]:
    """The same values on ``device`` in ``dtype``."""
    return {name: tensor.to(device=device, dtype=dtype) for name, tensor in parameters.items()}


def double(parameters: Parameters) -> dict[str, Tensor]:
    """The same values in float64, where they are."""
    return {name: tensor.double() for name, tensor in parameters.items()}


def digest(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """SHA-256 over names, shapes, dtypes and bits, so that two points are one exactly if their digests agree."""
    state = hashlib.sha256()
    for name, tensor in tensors:
        state.update(f"{name}:{tuple(tensor.shape)}:{tensor.dtype};".encode())
        for part in _dense_parts(tensor.detach()):
            state.update(part.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return state.hexdigest()


def _dense_parts(tensor: Tensor) -> Iterator[Tensor]:
    """The tensor itself, or the indices and values of a sparse one."""
    if tensor.layout == torch.strided:
        yield tensor
        return
    sparse = tensor.to_sparse_coo().coalesce()
    yield from (sparse.indices(), sparse.values())


def digest_text(text: str) -> str:
    """The first 16 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_unusable(name: str, tensor: Tensor) -> None:
    if not tensor.is_floating_point():
        raise ObjectiveError(
            f"parameter {name!r} has dtype {tensor.dtype}: only real floating-point parameters span a landscape; "
            "register it as a buffer, convert it, or keep it where it is with parameters='trainable'"
        )
    if not bool(torch.isfinite(tensor).all()):
        bad = int((~torch.isfinite(tensor)).sum())
        raise ObjectiveError(f"parameter {name!r} holds {bad} values that are not finite: did the training diverge?")
