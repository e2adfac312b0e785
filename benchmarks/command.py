"""The command: measure, print the tables, write JSON."""

import importlib
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click

from benchmarks import SECTIONS
from benchmarks.hardware import hardware, versions
from benchmarks.networks import NETWORKS
from benchmarks.peers import MISSING, missing
from benchmarks.table import tables
from benchmarks.workload import CACHE, Workload
from cli.machine import torch_device
from landscape.errors import LandscapeError


def network_names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names of networks, by commas."""
    names = tuple(NETWORKS) if value is None else tuple(name.strip() for name in value.split(","))
    unknown = [name for name in names if name not in NETWORKS]
    if unknown:
        raise click.BadParameter(f"unknown {', '.join(unknown)}; expected {', '.join(NETWORKS)}")
    return names


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Smaller grids, fewer seeds, shorter training.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the results to this file.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option("--networks", callback=network_names, help=f"Some of {','.join(NETWORKS)}, by commas; all by default.")
@click.option("--only", multiple=True, type=click.Choice(SECTIONS), help="A section; may be repeated.")
@click.option("--runs", type=click.Path(file_okay=False, path_type=Path), help="Where the trained networks are kept.")
def main(
    quick: bool, file: Path | None, device: str, networks: tuple[str, ...], only: tuple[str, ...], runs: Path | None
) -> None:
    """Measure how fast landscapes are sampled and ensembles trained, beside every published sampler.

    Everything runs in one process and in turn; only ratios inside one run count.

    Example:  python -m benchmarks --quick --json results.json
    """
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f"{file.parent} is no folder", param_hint="--json")
    workload = Workload(quick=quick, device=torch_device(device), networks=networks, runs=runs or CACHE)
    try:
        results = measure(workload, only or SECTIONS)
    except LandscapeError as error:
        raise click.ClickException(" ".join(str(error).split())) from error
    if file is not None:
        file.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    click.echo(tables(results))


def measure(workload: Workload, sections: tuple[str, ...]) -> dict[str, Any]:
    """The results of these sections, as they are written to JSON; those of ``surface`` are named ``rows``."""
    for name in missing():
        click.echo(f"{name} is {MISSING}", err=True)
    results: dict[str, Any] = {
        "hardware": hardware(workload.device),
        "versions": versions(),
        "command": shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]]),
        "rows": [],
    }
    for section in sections:
        start = time.perf_counter()
        module = importlib.import_module(f"benchmarks.{section}")
        results["rows" if section == "surface" else section] = module.rows(workload)
        click.echo(f"{section}: {time.perf_counter() - start:.0f} s", err=True)
    return results
