from pathlib import Path

import pytest
from interruptions import stop_after
from problems import examples, small_mlp

from landscape.files.ledger import Ledger
from landscape.measures.catalogue import Options, measure_network, missing
from landscape.objective.objective import Objective
from landscape.space.parameters import digest


def test_everything_is_measured_once_and_nothing_of_the_model_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_mlp(3)
    before = digest(model.state_dict().items())
    objective, options = Objective(model, examples(10)), Options(k=2, layers=True, directions=3)
    names = ("half_width", "curvature", "sharpness", "free_directions")
    first = measure_network(objective, names, options, ledger=Ledger(tmp_path))  # type: ignore[arg-type]
    assert missing(objective, names, options, Ledger(tmp_path)) == []  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        stop_after(0, patch)
        again = measure_network(objective, names, options, ledger=Ledger(tmp_path))  # type: ignore[arg-type]
    assert repr(again) == repr(first)
    assert not list(tmp_path.glob("measures/*"))
    assert list(first["curvature"]["layers"]) == ["1", "3", "5"]
    assert digest(model.state_dict().items()) == before
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
