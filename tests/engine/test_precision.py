import numpy as np
import pytest
import torch
from narrow_code import OBJECTIVES, Checked, narrow_objective
from problems import examples, small_cnn, small_mlp

from landscape.engine.precision import products
from landscape.errors import InputError
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane


@pytest.mark.parametrize(("dtype", "low", "high"), [("float32", 0, 1e-5), ("bfloat16", 1e-4, 0.1), ("float64", 0, 0)])
def test_the_stored_error_is_that_of_the_precision(dtype: str, low: float, high: float) -> None:
    exact = Objective(small_mlp(20), examples(50))
    objective = Objective(small_mlp(20), examples(50), dtype=getattr(torch, dtype))
    surfaces = [sample(o, random_plane(o), points=5, rays=0, progress=False) for o in (objective, exact)]
    provenance = surfaces[0].provenance
    assert provenance.identity.dtype == dtype
    assert low <= provenance.accuracy.precision_error <= high
    relative = np.abs(surfaces[0].loss - surfaces[1].loss) / np.maximum(1, surfaces[1].loss)
    assert relative.max() <= max(10 * high, 1e-12)


@pytest.mark.parametrize("strategy", ["loop", "stacked", "affine", "streamed"])
def test_half_precision_losses_are_no_steps(strategy: str) -> None:
    objective = Objective(small_cnn(), examples(9, (1, 6, 6)), dtype=torch.bfloat16)
    plane = random_plane(objective)
    surface = sample(objective, plane, points=9, extent=0.3, rays=0, strategy=strategy, progress=False)
    rounded = torch.from_numpy(surface.loss.copy()).bfloat16().double().numpy()
    assert np.mean(rounded == surface.loss) < 0.3


@pytest.mark.parametrize("name", OBJECTIVES)
def test_code_with_float32_tensors_of_its_own_is_checked_too(name: str) -> None:
    objective = narrow_objective(name)
    surface = sample(objective, random_plane(objective), points=3, rays=0, progress=False)
    assert surface.loss[1, 1] == pytest.approx(objective.at_centre()["train_loss"], rel=1e-6)
    assert 0 < surface.provenance.accuracy.precision_error < 1e-5
    assert not surface.provenance.accuracy.precision_note


def test_code_that_refuses_float64_is_sampled_and_says_that_it_was_not_checked() -> None:
    objective = Objective(Checked().eval(), (torch.randn(9, 4), torch.randint(0, 3, (9,))))
    accuracy = sample(objective, random_plane(objective), points=3, rays=0, progress=False).provenance.accuracy
    assert np.isnan(accuracy.precision_error)
    assert accuracy.precision_points == 0
    assert accuracy.precision_text.startswith("not checked in float64: ")
    assert "weights must be float32" in accuracy.precision_note


def test_a_model_of_transformers_on_dictionaries_is_checked() -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.ViTConfig(image_size=8, patch_size=4, num_labels=3, **sizes)
    model = transformers.ViTForImageClassification(config).eval()
    data = {"pixel_values": torch.randn(12, 3, 8, 8), "labels": torch.randint(0, 3, (12,))}
    objective = Objective(model, data)
    surface = sample(objective, random_plane(objective), points=3, rays=0, progress=False)
    assert surface.loss[1, 1] == pytest.approx(model(**data).loss.item(), rel=1e-6)
    assert surface.provenance.accuracy.precision_error < 1e-5


def test_tf32_without_a_gpu_says_what_to_use() -> None:
    objective = Objective(small_mlp(dtype=torch.float32), examples(5, dtype=torch.float32))
    with pytest.raises(InputError, match="NVIDIA GPU, but the objective is float32 on cpu; use float32 there"):
        sample(objective, random_plane(objective), points=3, rays=0, progress=False, tf32=True)


def test_settings_are_put_back_on_a_gpu(device: torch.device) -> None:
    if device.type != "cuda":
        pytest.skip("TF32 exists on a GPU")
    objective = Objective(small_mlp(dtype=torch.float32), examples(5, dtype=torch.float32), device=device)
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    with products(objective, tf32=True):
        assert torch.backends.cuda.matmul.allow_tf32
    assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == before
