"""Numbers over the members of a run: each member's rays, measured once and kept beside its weights."""

from dataclasses import asdict
from typing import Any

import torch
from tqdm import tqdm

from landscape.errors import RunError
from landscape.evaluate.rays import sample_rays
from landscape.evaluate.tuning import DEFAULT_MEMORY
from landscape.evaluate.views import objective_of
from landscape.measure.freedom import free_directions
from landscape.measure.summary import half_widths
from landscape.records import RISE, Rays
from landscape.train.runs import Run


def rays_of(
    run: Run,
    *,
    directions: int = 64,
    device: torch.device | str = "cpu",
    strategy: str = "auto",
    memory: int = DEFAULT_MEMORY,
    progress: bool = True,
) -> list[Rays]:
    """Rays of every member that did not diverge, each along its own random directions.

    Raises:
        RunError: every member diverged.
    """
    with tqdm(
        _trained(run), disable=not progress, unit="member", desc=f"{run.name} half-width, {directions} directions"
    ) as bar:
        return [
            sample_rays(
                objective_of(run, member, device=device),
                num_directions=directions,
                seed=1000 * (member + 1),
                strategy=strategy,
                memory=memory,
            )
            for member in bar
        ]


def summarize_run(run: Run, *, rise: float = RISE, **options: Any) -> dict[str, Any]:
    """Final metrics of every member and the half-width over members and directions.

    Args:
        rise: nats per example that define the half-width.
        options: passed on to `rays_of`.
    """
    config = run.config
    return {
        "model": run.name,
        "network": run.network.describe(),
        "P": config["P"],
        "N": config["N"],
        "K": config["K"],
        "regime": config["regime"],
        "kind": "run",
        "members": run.members,
        "diverged": list(run.diverged),
        "final": run.final(),
        **half_widths(rays_of(run, **options), rise=rise),
    }


def free_of(
    run: Run, *, examples: int | None = None, device: torch.device | str = "cpu", progress: bool = True
) -> dict[str, Any]:
    """Free directions of the first member that did not diverge, and which one that is.

    Args:
        examples: the first so many training examples; all by default.

    Raises:
        RunError: every member diverged.
        InputError: the Jacobian is too large.
    """
    member = _trained(run)[0]
    objective = objective_of(run, member, device=device, dtype=torch.float64)
    found = free_directions(objective, examples=examples, progress=progress)
    return {"member": member, **asdict(found)}


def _trained(run: Run) -> list[int]:
    """The members that did not diverge, at least one."""
    members = [member for member in range(run.members) if member not in run.diverged]
    if not members:
        raise RunError(
            f"all {run.members} members of run {run.name!r} diverged; train it with a smaller --learning-rate"
        )
    return members
