import numpy as np
import torch
from problems import quadratic

from landscape.measures.lanczos import krylov, lanczos
from landscape.records.base import FloatArray


def test_as_many_steps_as_dimensions_reproduce_the_matrix() -> None:
    _, matrix = quadratic([0.5, 1.0, 3.0, 7.0, 20.0])
    start = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values, weights, residuals = lanczos(lambda rows: rows @ matrix, start, 5).ritz()
    torch.testing.assert_close(values, torch.tensor([[0.5, 1.0, 3.0, 7.0, 20.0]] * 3, dtype=torch.float64))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3, dtype=torch.float64))
    assert residuals.max() < 1e-10


def test_a_matrix_that_is_not_finite_leaves_the_others_as_they_are() -> None:
    _, matrix = quadratic([0.5, 1.0, 3.0])
    start = torch.eye(3, dtype=torch.float64)[:2]

    def multiply(rows: torch.Tensor) -> torch.Tensor:
        return torch.stack([rows[0] @ matrix, rows[1] * torch.nan])

    values = lanczos(multiply, start, 3).ritz()[0]
    torch.testing.assert_close(values[0], torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64))
    assert values[1].isnan().all()


def test_an_exhausted_space_goes_on_with_another_vector_so_that_copies_of_an_eigenvalue_come_out() -> None:
    matrix = torch.diag(torch.tensor([1.0, 1.0, 1.0, 4.0, 4.0], dtype=torch.float64))
    generator = torch.Generator().manual_seed(0)

    def start() -> torch.Tensor:
        return torch.randn(5, dtype=torch.float64, generator=generator)

    values, rows = krylov(lambda vector: matrix @ vector, start, 5, has_converged=never, ends=2)
    torch.testing.assert_close(values, torch.diagonal(matrix))
    torch.testing.assert_close(rows @ matrix, torch.tensor([1.0, 1.0, 4.0, 4.0], dtype=torch.float64)[:, None] * rows)
    torch.testing.assert_close(rows @ rows.T, torch.eye(4, dtype=torch.float64))


def never(values: FloatArray, residuals: FloatArray) -> bool:
    return False


def test_the_run_ends_when_it_is_told_to_and_is_asked_every_ten_steps() -> None:
    diagonal = torch.linspace(1, 40, 40, dtype=torch.float64)
    sizes = []

    def has_converged(values: FloatArray, residuals: FloatArray) -> bool:
        sizes.append(len(values))
        assert np.all(np.diff(values) >= 0)
        return len(values) >= 20

    values, _ = krylov(
        lambda vector: diagonal * vector, lambda: torch.ones(40).double(), 40, has_converged=has_converged, ends=1
    )
    assert sizes == [10, 20]
    assert len(values) == 20
