import numpy as np
import pytest
import torch

from landscape.errors import InputError
from landscape.space import components
from landscape.space.components import gram_matrix, principal_components


def random_path(steps: int, *, seed: int = 0, dtype: torch.dtype = torch.float64) -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"a": (7, 5), "b": (11,), "c": (2, 3, 4)}
    return [
        {name: torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for name, shape in shapes.items()}
        for _ in range(steps)
    ]


def dense(path: list[dict[str, torch.Tensor]]) -> np.ndarray:
    rows = torch.stack([torch.cat([tensor.flatten() for tensor in point.values()]).double() for point in path])
    return (rows - rows[-1]).numpy()


@pytest.mark.parametrize("block_bytes", [1, 8 * 6 * 13, 2**27])
def test_components_are_those_of_a_dense_singular_value_decomposition(
    block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(components, "BLOCK_BYTES", block_bytes)
    path = random_path(6)
    found = principal_components(path, num_components=3)
    left, singular, right = np.linalg.svd(dense(path), full_matrices=False)
    np.testing.assert_allclose(gram_matrix(path), dense(path) @ dense(path).T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.shares, singular[:3] ** 2 / (singular**2).sum(), rtol=1e-12)
    for k, direction in enumerate(found.directions):
        flat = torch.cat([tensor.flatten() for tensor in direction.values()]).numpy()
        assert abs(flat @ right[k]) == pytest.approx(1, abs=1e-12)
        assert np.linalg.norm(flat) == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(abs(found.places[:, k]), abs(left[:, k] * singular[k]), atol=1e-12)
        np.testing.assert_allclose(dense(path) @ flat, found.places[:, k], atol=1e-12)


def test_the_start_lies_at_positive_coordinates_and_the_end_at_the_origin() -> None:
    found = principal_components(random_path(5, seed=3))
    assert (found.places[0] > 0).all()
    np.testing.assert_allclose(found.places[-1], 0, atol=1e-12)


def test_a_memory_mapped_path_is_read_as_it_is(tmp_path: object) -> None:
    path = random_path(4, dtype=torch.float32)
    files = []
    for step, point in enumerate(path):
        torch.save(point, f"{tmp_path}/{step}.pt")
        files.append(torch.load(f"{tmp_path}/{step}.pt", mmap=True, weights_only=True))
    np.testing.assert_array_equal(principal_components(files).places, principal_components(path).places)


def test_a_path_on_a_line_has_no_plane() -> None:
    start = random_path(1)[0]
    path = [{name: (1 - share) * tensor for name, tensor in start.items()} for share in (0, 0.5, 1)]
    with pytest.raises(InputError, match="does not vary along 2"):
        principal_components(path)
    with pytest.raises(InputError, match="not finite"):
        principal_components([{"a": torch.tensor([float("nan")])}, *[{"a": torch.zeros(1)}] * 2])
