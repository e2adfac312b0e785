from pathlib import Path
from typing import Any

import numpy as np
import pytest
from problems import examples, quadratic, small_mlp

from landscape.errors import FileError, InputError
from landscape.files import surfaces as store
from landscape.objective.objective import Objective
from landscape.records.sampled import Profile, Surface
from landscape.sampling.extent import choose_extent
from landscape.sampling.grid import sample
from landscape.sampling.repeats import sample_repeats
from landscape.space.affine import Line, random_line, random_plane

OPTIONS: dict[str, Any] = {"points": 5, "rays": 0, "progress": False, "strategy": "loop"}


def network() -> Objective:
    return Objective(small_mlp(), examples(20))


def test_mean_and_band_are_those_of_the_single_surfaces() -> None:
    objective, seeds = network(), (3, 1, 8)
    options = {**OPTIONS, "extent": 1.5}
    found = sample_repeats(objective, lambda seed: random_plane(objective, seed=seed), seeds=seeds, **options)
    single = np.stack([sample(objective, random_plane(objective, seed=seed), **options).loss for seed in seeds])
    assert isinstance(found, Surface)
    np.testing.assert_allclose(found.loss, single.mean(axis=0), rtol=1e-15)
    np.testing.assert_array_equal(found.metrics["train_loss_low"], single.min(axis=0))
    np.testing.assert_array_equal(found.metrics["train_loss_high"], single.max(axis=0))
    np.testing.assert_allclose(found.metrics["train_loss_std"], single.std(axis=0, ddof=1), rtol=1e-12)
    assert found.provenance.identity.subspace.to_dict()["seeds"] == "3, 1, 8"
    assert (found.metrics["train_loss_std"] > 1e-9).sum() == 24, "all repeats meet at the centre and nowhere else"


def test_the_accuracy_of_a_mean_is_the_worst_of_its_parts() -> None:
    objective, seeds = network(), (3, 2, 1, 0)
    options = {**OPTIONS, "points": 129, "extent": 1.5, "tolerance": 0.03}
    mean = sample_repeats(objective, lambda seed: random_line(objective, seed=seed), seeds=seeds, **options)
    parts = [sample(objective, random_line(objective, seed=seed), **options).provenance.accuracy for seed in seeds]
    inside = [part.inside_error for part in parts]
    assert 0 < mean.provenance.accuracy.inside_error == max(inside) != inside[0], "the first is not the worst"
    assert mean.provenance.accuracy.precision_error == max(part.precision_error for part in parts)


def test_lines_of_equal_curvature_leave_no_band() -> None:
    objective, _ = quadratic([2.0, 2.0, 2.0], centre=[0.0] * 3)

    def unit(seed: int) -> Line:
        line = random_line(objective, seed=seed, normalize="none")
        length = float(line.directions[0]["0.weight"].norm())
        return Line(line.centre, ({"0.weight": line.directions[0]["0.weight"] / length},), line.recipe_)

    found = sample_repeats(objective, unit, seeds=range(4), points=5, extent=2.0, progress=False)
    assert isinstance(found, Profile)
    np.testing.assert_allclose(found.loss, found.alpha.values**2, rtol=1e-12)
    np.testing.assert_allclose(found.metrics["train_loss_std"], 0, atol=1e-14)


def test_a_kept_mean_is_not_measured_again_and_leaves_no_parts(tmp_path: Path) -> None:
    objective, path = network(), tmp_path / "mean.h5"

    def make(seed: int) -> Line:
        return random_line(objective, seed=seed)

    first = sample_repeats(objective, make, seeds=range(2), path=path, **OPTIONS)
    before = path.read_bytes()
    again = sample_repeats(objective, make, seeds=range(2), path=path, **OPTIONS)
    np.testing.assert_array_equal(first.loss, again.loss)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["mean.h5"]
    assert store.load(path).metrics.keys() == first.metrics.keys()
    with pytest.raises(FileError, match="differs in subspace"):
        sample_repeats(objective, make, seeds=range(3), path=path, **OPTIONS)
    with pytest.raises(FileError, match="differs in grid"):
        sample_repeats(objective, make, seeds=range(2), path=path, points=7, progress=False)
    sample_repeats(objective, make, seeds=range(3), path=path, overwrite=True, **OPTIONS)


def test_an_interrupted_repetition_goes_on_from_its_parts(tmp_path: Path) -> None:
    objective, path, made = network(), tmp_path / "mean.h5", []

    def breaking(seed: int) -> Line:
        made.append(seed)
        return random_line(objective, seed=seed)

    part = tmp_path / "mean.repeat-0.h5"
    sample(objective, random_line(objective, seed=0), path=part, **OPTIONS)
    provenance = store.load(part).provenance
    found = sample_repeats(objective, breaking, seeds=range(2), path=path, **OPTIONS)
    whole = sample_repeats(objective, breaking, seeds=range(2), **OPTIONS)
    np.testing.assert_array_equal(found.loss, whole.loss)
    assert found.provenance.making.created == provenance.making.created


def test_repeats_with_the_same_seed_are_refused() -> None:
    objective = network()
    for seeds in ((1,), (2, 2)):
        with pytest.raises(InputError, match="all different"):
            sample_repeats(objective, lambda seed: random_line(objective, seed=seed), seeds=seeds)


def test_all_repeats_share_the_largest_extent_that_any_would_have() -> None:
    objective, seeds = network(), range(3)
    own = [choose_extent(objective, random_plane(objective, seed=seed)).value for seed in seeds]
    found = sample_repeats(objective, lambda seed: random_plane(objective, seed=seed), seeds=seeds, **OPTIONS)
    assert found.axes[0].values[-1] == max(own)
