"""What a user's functions return becomes a model and the arguments of an objective, or one clear refusal."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from landscape.errors import InputError, ObjectiveError
from landscape.sampling.factories import make_arguments, make_model, names_factory

MODULE = """
import torch
from torch import nn

class Net(nn.Linear):
    def __init__(self):
        super().__init__(2, 3)

def pair():
    return torch.ones(4, 2), torch.zeros(4, dtype=torch.long)

def both():
    return [pair()], [pair()]

def options():
    return {"data": pair(), "accuracy": False}

def misspelt():
    return {"data": pair(), "acuracy": False}

def none():
    return None

def failing():
    raise SystemExit("no data here")

number = 7
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "factory_nets.py").write_text(MODULE)
    (tmp_path / "factory_broken.py").write_text("import no_such_package")
    yield
    sys.modules.pop("factory_nets", None)


def test_a_number_behind_the_colon_is_a_member_and_a_name_is_a_factory() -> None:
    specs = ["wide:3", "narrow", "pair:0", "a.b:Net", "_a:make"]
    assert [names_factory(spec) for spec in specs] == [False, False, False, True, True]


def test_a_class_will_do_for_a_function_that_returns_a_module() -> None:
    model = make_model("factory_nets:Net")
    assert isinstance(model, nn.Linear)
    assert tuple(model.weight.shape) == (3, 2)


def test_pairs_are_training_data_and_a_tuple_of_two_kinds_of_data_has_test_data() -> None:
    assert make_arguments("factory_nets:pair").keys() == {"data"}
    assert make_arguments("factory_nets:both").keys() == {"data", "test"}
    arguments = make_arguments("factory_nets:options")
    assert arguments.keys() == {"data", "accuracy"}
    assert torch.equal(arguments["data"][0], torch.ones(4, 2))


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("factory_nets", InputError, "expected package.module:factory, got 'factory_nets'"),
        ("factory_nets:net", InputError, "factory_nets has no 'net'; it has Net, pair, both"),
        ("factory_nets:number", InputError, "is int, expected a function without arguments"),
        ("factory_nets:none", InputError, "returned None, expected training data"),
        ("factory_nets:misspelt", InputError, r"unknown arguments \['acuracy'\]; expected data, loss"),
        ("factory_missing:make", InputError, "there is no module 'factory_missing' here"),
        ("factory_broken:make", ObjectiveError, "importing factory_broken raised ModuleNotFoundError"),
        (
            "factory_nets:failing",
            ObjectiveError,
            r"failing\(\) raised SystemExit: no data here \(factory_nets.py, line",
        ),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(spec: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_arguments(spec)


def test_a_factory_of_something_else_makes_no_model() -> None:
    with pytest.raises(InputError, match=r"returned tuple, expected a torch.nn.Module"):
        make_model("factory_nets:pair")
