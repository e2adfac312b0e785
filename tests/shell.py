"""The command as a user types it, and the one line that a mistake gets."""

import sys

import torch
from click.testing import CliRunner, Result

from cli import main
from landscape.sampling.factories import make_model
from landscape.train.recorder import PathRecorder

TRAIN = ["train", "--family", "mlp", "--width", "3", "--num-train", "60", "--steps", "15", "--members", "2"]
TRAIN += ["--checkpoints", "4"]
GRID = ["--points", "5", "--rays", "4", "--quiet"]


def landscape(*words: str) -> Result:
    """``landscape WORDS``, run in this process."""
    return CliRunner().invoke(main, list(words), prog_name="landscape")


def output_of(*words: str) -> str:
    """What a command that succeeds prints on stdout."""
    result = landscape(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def mistake(*words: str, status: int) -> str:
    """The one line of stderr that starts with ``Error: ``; nothing else than that line and usage, no traceback."""
    result = landscape(*words)
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


def recorded_path(folder: str) -> list[dict[str, torch.Tensor]]:
    """Three recorded states of ``own_nets:make`` on a line that bends, the last one trained no further."""
    sys.path.insert(0, ".")
    model = make_model("own_nets:make").eval()
    recorder = PathRecorder(model, steps=[0, 5, 9], folder=folder)
    states = []
    for step in range(10):
        with torch.no_grad():
            model[0].weight[step % 5].add_(0.1 * step)  # type: ignore[operator, index, union-attr]
            model[1].running_mean.add_(0.01)  # type: ignore[operator, index, union-attr]
        recorder.record(step)
        states.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
    return [states[step] for step in (0, 5, 9)]
