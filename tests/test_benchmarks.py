"""The benchmarks run, and compare like with like: every contender's values are those of a float64 loop."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from problems import examples, small_mlp

import landscape as ls
from benchmarks import SECTIONS, peers
from benchmarks.command import main, measure
from benchmarks.contenders import Contender, Kind, reference, serial, steady, whole_call
from benchmarks.networks import Problem
from benchmarks.surface import compare
from benchmarks.table import tables
from benchmarks.timing import in_turn, peak_memory, ratio
from benchmarks.workload import Workload
from landscape.objective.objective import Objective
from landscape.space.affine import Plane
from landscape.space.corridors import corridor_along

SIDE = 7
KEYS = {
    "network",
    "contender",
    "points_per_second",
    "factor_best_peer",
    "factor_tuned",
    "max_abs_difference",
    "evaluations",
    "peak_memory",
    "share_of_peak",
    "spread",
    "compared",
    "note",
}
# float32 losses of a few nats, means over hundreds of examples
ROUNDING = 1e-4
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tiny() -> Problem:
    """A small network in float32 with its loss alone."""
    model = small_mlp(dtype=torch.float32)
    return Problem("tiny", Objective(model, examples(40, dtype=torch.float32), accuracy=False), flops=1e6)


@pytest.fixture(scope="module")
def plane(tiny: Problem) -> Plane:
    return ls.random_plane(tiny.objective, seed=3)


def differences(tiny: Problem, contender: Contender) -> np.ndarray:
    values, _ = contender.run()
    return np.abs(values - reference(tiny.objective, contender.subspace, contender.coordinates))


@pytest.mark.parametrize("make", [serial, steady, whole_call])
def test_ours_and_the_serial_loop_are_a_float64_loop_to_rounding(
    tiny: Problem, plane: Plane, make: Callable[..., Contender]
) -> None:
    assert differences(tiny, make(tiny.objective, plane, (SIDE, SIDE + 2))).max() < ROUNDING


def test_the_serial_loop_walks_a_corridor_row_by_row(tiny: Problem) -> None:
    path = {name: torch.stack([0.5 * theta, theta]) for name, theta in tiny.objective.centre.items()}
    corridor = corridor_along(path, np.array([0.0, 10.0]), seed=1)
    contender = serial(tiny.objective, corridor, (2, SIDE))
    assert contender.coordinates.shape == (2 * SIDE, 2)
    assert differences(tiny, contender).max() < ROUNDING


@pytest.mark.parametrize(("name", "module"), [("loss-landscapes", "loss_landscapes"), ("loss-landscape-3d",) * 2])
def test_a_peer_is_compared_where_it_really_was(tiny: Problem, plane: Plane, name: str, module: str) -> None:
    pytest.importorskip(module.replace("-", "_"))
    contender = peers.PEERS[name](tiny.objective, plane, SIDE)
    assert contender.run()[1] == SIDE**2
    assert differences(tiny, contender).max() < ROUNDING


def test_landscaper_is_compared_where_it_really_was_but_for_the_noise_on_its_maximum(
    tiny: Problem, plane: Plane
) -> None:
    if "Landscaper" in peers.missing():
        pytest.skip("Landscaper is not installed")
    contender = peers.landscaper(tiny.objective, plane, SIDE)
    found = differences(tiny, contender)
    assert np.sort(found)[-2] < ROUNDING
    assert found.argmax() == reference(tiny.objective, contender.subspace, contender.coordinates).argmax()


def test_the_model_stays_as_it_was(tiny: Problem, plane: Plane) -> None:
    before = {name: tensor.clone() for name, tensor in tiny.objective.model.state_dict().items()}
    for contender in peers.available(tiny.objective, plane, 3):
        contender.run()
    after = tiny.objective.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(parameter.requires_grad for parameter in tiny.objective.model.parameters())


def test_factors_are_taken_over_the_tuned_loop_and_the_best_peer(tiny: Problem, plane: Plane) -> None:
    loop = serial(tiny.objective, plane, (2, 2))

    def lasting(name: str, kind: Kind, seconds: float) -> Contender:
        values, evaluations = loop.run()
        return replace(loop, name=name, kind=kind, run=lambda: (time.sleep(seconds), (values, evaluations))[1])

    contenders = [lasting("loop", "tuned", 0.02), lasting("slow", "peer", 0.06), lasting("fast", "peer", 0.001)]
    rows = {row.contender: row for row in compare("tiny", contenders, tiny, workload=Workload())}
    assert rows["loop"].factor_tuned == rows["fast"].factor_best_peer == 1
    assert rows["slow"].factor_tuned < 1 < rows["fast"].factor_tuned
    assert rows["slow"].factor_best_peer < rows["loop"].factor_best_peer < 1
    assert 0 < rows["loop"].share_of_peak < 1


def test_every_round_runs_everything_once_and_starts_with_another() -> None:
    order: list[str] = []
    runs = {name: (lambda name=name: order.append(name)) for name in "abc"}
    seconds = in_turn(runs, rounds=3, device=CPU, label="")
    assert "".join(order) == "abcbcacab"
    assert [len(seconds[name]) for name in "abc"] == [3, 3, 3]


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert ratio([2.0, 30.0, 2.0], [1.0, 1.0, 2.0]) == 2.0


def test_peak_memory_sees_what_is_taken_and_given_back() -> None:
    result, found = peak_memory(lambda: np.ones(2**23).sum(), CPU)
    assert result == 2**23
    if found is None:
        pytest.skip("this system does not tell")
    # 64 MiB, less what the allocator still held of pages that were free
    assert 0.9 * 2**26 < found < 2**27


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the command writes for one network, with a peer that is not installed among the others."""
    workload = Workload(quick=True, networks=("narrow",), runs=tmp_path_factory.mktemp("runs"), rounds=1, scale=0.02)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(peers.PEERS, "no-such-sampler", peers.landscaper)
        results: dict[str, Any] = json.loads(json.dumps(measure(workload, ("surface",)), allow_nan=False))
    return results


def test_the_smallest_run_writes_the_keys_and_agrees_to_rounding(smallest: dict[str, Any]) -> None:
    assert {"hardware", "versions", "command", "rows"} <= set(smallest)
    assert smallest["hardware"]["matrix_product_gflops"] > 0
    rows = smallest["rows"]
    assert all(set(row) == KEYS for row in rows)
    timed = [row for row in rows if row["points_per_second"] is not None]
    assert {"tuned serial loop", "landscape, exact, strategy chosen"} <= {row["contender"] for row in timed}
    assert all(row["max_abs_difference"] < ROUNDING for row in timed if row["contender"] != "Landscaper")
    shown = tables(smallest, markdown=True)
    assert shown.startswith("| network | contender | points/s |")
    assert shown.count("\n") == len(rows) + 1


def test_a_peer_that_is_missing_has_a_row_that_says_how_to_get_it(smallest: dict[str, Any]) -> None:
    row = next(row for row in smallest["rows"] if row["contender"] == "no-such-sampler")
    assert row["points_per_second"] is None
    assert "benchmarks/requirements.txt" in row["note"]


def test_an_unknown_network_is_one_line_and_names_the_known() -> None:
    shown = CliRunner().invoke(main, ["--networks", "narow"])
    assert shown.exit_code == 2
    assert "unknown narow; expected narrow, wide" in shown.output


def test_every_peer_is_pinned_in_the_requirements() -> None:
    lines = (Path(__file__).parents[1] / "benchmarks" / "requirements.txt").read_text().splitlines()
    pins = {line.partition("==")[0] for line in lines if "==" in line}
    assert set(peers.PEERS) <= pins


def test_every_section_is_a_file_with_rows() -> None:
    assert all(callable(import_module(f"benchmarks.{section}").rows) for section in SECTIONS)
