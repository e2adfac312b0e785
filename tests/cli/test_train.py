"""``landscape train``: what is trained and said, kept and refused."""

import json
from pathlib import Path

import pytest
from shell import TRAIN, landscape, mistake, output_of

pytestmark = pytest.mark.usefixtures("work")


def test_a_run_is_described_and_used_again() -> None:
    text = output_of(*TRAIN, "--quiet")
    assert "mlp-3: P = 235, N = 60, K = 10, critically parameterized" in text
    assert output_of(*TRAIN, "--quiet") == text
    values = json.loads(output_of(*TRAIN, "--quiet", "--json"))["runs"][0]
    assert values["P"] == 235
    assert len(values["final"]["train_loss"]) == 2


def test_only_choices_other_than_the_usual_ones_are_part_of_the_data(work: Path) -> None:
    small = ("--num-train", "20", "--labels", "true", "--noise", "0", "--steps", "1", "--checkpoints", "2")
    output_of("train", "--family", "mlp", "--width", "2", "--members", "1", *small, "--quiet")
    config = json.loads((work / "runs" / "mlp-2" / "config.json").read_text())
    assert {key: value for key, value in config["data"].items() if key != "digest"} == {
        "name": "digits",
        "num_train": 20,
    }


def test_both_networks_of_the_pair_take_the_name_as_a_prefix(tmp_path: Path) -> None:
    small = ("--num-train", "20", "--steps", "1", "--members", "1", "--checkpoints", "2", "--quiet")
    text = output_of("train", "--model", "pair", "--name", "few", "--runs", str(tmp_path), *small)
    assert [line.partition(":")[0] for line in text.splitlines() if ": P = " in line] == ["few-narrow", "few-wide"]


def test_members_that_diverged_are_named(tmp_path: Path) -> None:
    rate = ("--optimizer", "sgd", "--learning-rate", "1e20")
    result = landscape(*TRAIN, "--name", "boom", *rate, "--runs", str(tmp_path), "--quiet")
    assert "diverged: members 0, 1" in result.stdout


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--model", "nobody"], 2, "unknown model 'nobody'"),
        ([], 2, "say what to train"),
        (["--model", "wide", "--width", "3"], 2, "--model is a preset of its own"),
        (["--family", "gru", "--width", "4"], 2, "unknown family 'gru'; expected mlp, cnn, resnet"),
        (["--family", "mlp", "--width", "0"], 2, "whole numbers from 1"),
        (["--model", "narrow", "--dataset", "imagenet"], 2, "imagenet"),
        (["--model", "narrow", "--dataset", "mnist", "--name", "m"], 2, "--data-dir"),
        (["--model", "narrow", "--dataset", "mnist", "--data-dir", "nowhere", "--name", "m"], 1, "nowhere"),
        (["--model", "narrow", "--dataset", "missing.npz", "--name", "m"], 1, "missing.npz"),
        (["--family", "mlp", "--width", "3", "--steps", "9"], 1, "recipe.steps is 15, asked 9"),
        (["--model", "wide", "--steps", "0"], 2, "steps must be at least 1"),
        (["--model", "wide", "--name", "a/b"], 2, "one folder name"),
        (["--model", "wide", "--device", "toaster"], 2, "'toaster' is not available"),
    ],
)
def test_nonsense_gets_one_clear_line(words: list[str], status: int, message: str) -> None:
    assert message in mistake("train", *words, status=status)
