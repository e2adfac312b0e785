"""Numbers over the members of a run, or of one network: each measured once and kept beside the weights."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from tqdm import tqdm

from landscape.files.ledger import Ledger
from landscape.measures.catalogue import Measure, Options, measure_network, missing, seconds_for
from landscape.measures.quantities import Measured
from landscape.objective.objective import Objective
from landscape.sampling.solutions import converged, member_of
from landscape.train.regime import regime
from landscape.train.runs import Run

FIRST_ONLY = ("free_directions",)


def measure_run(
    run: Run,
    names: Sequence[Measure],
    options: Options | None = None,
    *,
    members: Sequence[int] | None = None,
    device: torch.device | str = "cpu",
    ledger: Ledger | None = None,
    progress: bool = True,
) -> Measured:
    """The measures of every member that did not diverge; each is kept in the run's folder as soon as it is done.

    Args:
        names: see `measure_network`.
        options: how; seeds differ from member to member.
        members: some of them; by default all that did not diverge.
        device: where.
        ledger: where results are kept; by default the run's folder.
        progress: show bars on stderr.

    Raises:
        RunError: every member diverged, or one was asked for that did, or that does not exist.
    """
    chosen = tuple(converged(run) if members is None else members)
    kept = Ledger(run.folder) if ledger is None else ledger
    base = options or Options()
    values: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tqdm(chosen, disable=not progress, unit="member", desc=f"{run.name} measures") as bar:
        for member in bar:
            wanted = [name for name in names if name not in FIRST_ONLY or member == chosen[0]]
            objective = member_of(run, member, device=device).objective
            own = replace(base, seed=base.seed + 1000 * member)
            found = measure_network(objective, wanted, own, ledger=kept, progress=progress)
            for name, value in found.items():
                values[name].append(value)
    return Measured(chosen, values, base.rise)


def cost_of(
    run: Run, names: Sequence[Measure], options: Options, *, members: Sequence[int] | None = None, ledger: Ledger
) -> tuple[float, int]:
    """Rough seconds and bytes that measuring a run will take, without what the ledger holds."""
    chosen = tuple(converged(run) if members is None else members)
    objectives = [member_of(run, member).objective for member in chosen]
    lacking = [
        missing(objective, names, replace(options, seed=options.seed + 1000 * member), ledger)
        for member, objective in zip(chosen, objectives, strict=True)
    ]
    costs = [
        seconds_for(objectives[0], [name for name in each if not k or name not in FIRST_ONLY], options)
        for k, each in enumerate(lacking)
        if each
    ]
    return sum(seconds for seconds, _ in costs), max((size for _, size in costs), default=0)


def describe(run: Run, members: Sequence[int] | None = None) -> dict[str, Any]:
    """What a run is, and the final metrics of every member, or of those given."""
    config = run.config
    final = {name: [each[k] for k in members or range(run.members)] for name, each in run.final().items()}
    return {
        "model": run.name,
        "network": run.network.describe(),
        "P": config["P"],
        "N": config["N"],
        "K": config["K"],
        "regime": config["regime"],
        "kind": "run",
        "members": len(members or range(run.members)),
        "diverged": list(run.diverged),
        "final": final,
    }


def describe_network(objective: Objective) -> dict[str, Any]:
    """What one network is, and its metrics."""
    return {
        "model": objective.name,
        "network": objective.network,
        "P": objective.P,
        "N": objective.N,
        "K": objective.K,
        "regime": regime(objective.P, objective.N, objective.K),
        "kind": "network",
        "members": 1,
        "diverged": [],
        "final": {name: [value] for name, value in objective.at_centre().items()},
    }
