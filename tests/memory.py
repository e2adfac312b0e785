"""Peak memory of whole samplings, each in a process of its own: growth of the resident set above a warm start."""

import os
import subprocess
import sys
import textwrap

import pytest

WARM = """
import os, torch
from torch import nn
from landscape.objective.objective import Objective
from landscape.sampling.grid import sample
from landscape.space.affine import random_plane

torch.set_num_threads(2)

def resident():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts again from here
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))

def measured(model, x, y, **options):
    objective = Objective(model.eval(), (x, y), accuracy=False)
    plane = random_plane(objective, stored=options.get("strategy") != "streamed")
    return sample(objective, plane, rays=0, progress=False, extent=0.5, **options)

small = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
for strategy in ("auto", "streamed"):
    measured(small, torch.randn(8, 4), torch.zeros(8, dtype=torch.long), points=3, strategy=strategy)
"""


def growth(script: str) -> float:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    # freed memory goes back to the system at once, so that the resident set holds what is in use
    settings = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, "-c", WARM + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=settings,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return float(done.stdout.split()[-1])
