"""A path recorded from a training loop: the wanted steps, the very weights, in memory or in files, from any trainer."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from problems import examples, small_cnn, small_mlp
from torch import nn

from landscape.errors import FileError, InputError
from landscape.space.corridors import corridor_along
from landscape.space.planes import path_plane
from landscape.train.recipe import Recipe
from landscape.train.recorder import PathRecorder
from landscape.train.training import checkpoint_steps


def trained(model: nn.Module, recorder: PathRecorder, steps: int) -> list[dict[str, torch.Tensor]]:
    """The state after each step of a plain loop, the one before it first."""
    x, y = examples(12, (1, 6, 6) if isinstance(model[0], nn.Conv2d) else (6,))  # type: ignore[index]
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    recorder.record(0)
    states = [copy(model)]
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        recorder.record(step)
        states.append(copy(model))
    return states


def copy(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("files", [False, True])
def test_checkpoints_are_the_very_weights_and_statistics(files: bool, tmp_path: Path) -> None:
    model = small_cnn()
    recorder = PathRecorder(model, steps=20, num=5, folder=tmp_path / "path" if files else None)
    states = trained(model, recorder, 20)
    path, steps = recorder.path()
    assert set(steps) == checkpoint_steps(Recipe(steps=20, checkpoints=5))
    statistics = recorder.buffers()
    assert list(path[0]) == [name for name, _ in model.named_parameters()]
    assert set(statistics[0]) == {"1.running_mean", "1.running_var"}
    for row, step in enumerate(steps.astype(int)):
        kept = path[row] | statistics[row]
        assert all(torch.equal(tensor, states[step][name]) for name, tensor in kept.items())


def test_memory_and_files_give_one_corridor(tmp_path: Path) -> None:
    recipes = []
    for folder in (None, tmp_path / "path"):
        model = small_mlp()
        recorder = PathRecorder(model, steps=[0, 2, 5], folder=folder)
        trained(model, recorder, 5)
        corridor = corridor_along(*recorder.path(), seed=1, buffers=recorder.buffers())
        assert corridor.steps.tolist() == [0, 2, 5]
        recipes.append(corridor.recipe)
        assert path_plane(*recorder.path(), buffers=recorder.buffers()).explained == pytest.approx(1)
    assert recipes[0] == recipes[1]
    assert sorted(file.name for file in (tmp_path / "path").iterdir()) == [
        f"step-{step:09d}.safetensors" for step in (0, 2, 5)
    ]


def test_the_end_is_kept_when_forced_and_no_step_twice() -> None:
    recorder = PathRecorder(small_mlp(), steps=100, num=3)
    for step in (0, 9, 9, 30):
        recorder.record(step)
    recorder.record(30, force=True)
    assert recorder.steps.tolist() == [0, 9, 30]
    with pytest.raises(InputError, match="step 5 comes after step 30"):
        recorder.record(5, force=True)


def test_nonsense_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(FileError, match="is not empty"):
        PathRecorder(small_mlp(), steps=10, folder=tmp_path / "full")
    with pytest.raises(InputError, match="steps from 0 on"):
        PathRecorder(small_mlp(), steps=[])
    with pytest.raises(InputError, match="nothing is recorded"):
        PathRecorder(small_mlp(), steps=10).path()
    with pytest.raises(InputError, match="not on this machine as a whole"):
        PathRecorder(nn.Linear(2, 2, device="meta"), steps=10).record(0)
    broken = PathRecorder(small_mlp(), steps=[0, 1], folder=tmp_path / "broken")
    broken.record(0)
    (tmp_path / "broken" / "step-000000000.safetensors").write_bytes(b"no")
    with pytest.raises(FileError, match="cannot read"):
        broken.path()


LIGHTNING = """
import torch, lightning, landscape as ls
class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(3, 2)
    def training_step(self, batch, index):
        return torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)
module = Module()
before = module.net.weight.detach().clone()
recorder = ls.PathRecorder(module.net, steps=[0, 1, 3])
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(12, 3), torch.zeros(12, 2)), batch_size=2)
lightning.Trainer(
    max_steps=5, accumulate_grad_batches=2, max_epochs=-1, callbacks=[ls.lightning_callback(recorder)], logger=False,
    enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu",
).fit(module, data)
path, steps = recorder.path()
assert steps.tolist() == [0, 1, 3, 5], steps
assert torch.equal(path[0]["weight"], before) and torch.equal(path[-1]["weight"], module.net.weight)
assert not torch.equal(path[0]["weight"], path[1]["weight"])
"""

TRANSFORMERS = """
import sys, torch, transformers, landscape as ls
config = transformers.GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2)
model = transformers.GPT2LMHeadModel(config)
before = model.transformer.wte.weight.detach().clone()
recorder = ls.PathRecorder(model, steps=[0, 2, 4], folder=sys.argv[1] + "/path")
rows = [{"input_ids": torch.arange(8) % 7, "labels": torch.arange(8) % 7} for _ in range(12)]
arguments = transformers.TrainingArguments(
    output_dir=sys.argv[1] + "/out", max_steps=5, per_device_train_batch_size=2, report_to=[], save_strategy="no",
    disable_tqdm=True, use_cpu=True,
)
transformers.Trainer(
    model=model, args=arguments, train_dataset=rows, callbacks=[ls.trainer_callback(recorder)]
).train()
path, steps = recorder.path()
assert steps.tolist() == [0, 2, 4, 5], steps
key = "transformer.wte.weight"
assert torch.equal(path[0][key], before) and torch.equal(path[-1][key], model.transformer.wte.weight)
"""


@pytest.mark.parametrize(("package", "script"), [("lightning", LIGHTNING), ("transformers", TRANSFORMERS)])
def test_trainers_of_others_record_at_their_optimizer_steps(package: str, script: str, tmp_path: Path) -> None:
    """In a process of its own: the warnings of such packages are not ours."""
    for needed in (package, *(["accelerate"] if package == "transformers" else [])):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
