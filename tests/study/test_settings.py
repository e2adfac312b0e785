"""Settings: what they refuse, what they stand for."""

from dataclasses import replace
from pathlib import Path

import pytest

from landscape.errors import InputError
from landscape.study.settings import FULL_WIDTHS, IMAGE_WIDTHS, QUICK_WIDTHS, Settings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (4,)}, "at least two widths"),
        ({"widths": (4, 4)}, "at least two widths"),
        ({"widths": (4, 100_000)}, "from 1 to 65,536"),
        ({"members": 1}, "at least 2"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"num_train": 0}, "num_train must be at least 1"),
        ({"seed": -1}, "must not be negative"),
    ],
)
def test_settings_that_no_study_can_use_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings(**options)  # type: ignore[arg-type]


def test_widths_are_sorted_and_replace_those_of_the_data() -> None:
    assert Settings(widths=(64, 2, 8, 2)).main_widths == (2, 8, 64)
    assert Settings().main_widths == FULL_WIDTHS
    assert Settings(quick=True).main_widths == QUICK_WIDTHS
    assert Settings(dataset="cifar10").main_widths == IMAGE_WIDTHS


def test_the_key_knows_what_fixes_numbers_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(quick=True, widths=(2, 48), members=2, steps=120, num_train=60)
    # the file names of results that exist
    assert settings.key("fit", "0.1.0") == "ea32a3dd"
    moves = replace(settings, runs=tmp_path, device="cuda", progress=False, command="landscape study fit")
    assert moves.key("fit", "0.1.0") == settings.key("fit", "0.1.0")
    changes = [replace(settings, seed=1), replace(settings, steps=121), replace(settings, quick=False)]
    assert len({settings.key("fit"), settings.key("field"), *(change.key("fit") for change in changes)}) == 5


def test_the_key_follows_the_bytes_of_a_picture(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"one")
    before = Settings(image=str(photo)).key("portrait")
    photo.write_bytes(b"two")
    assert Settings(image=str(photo)).key("portrait") != before
    with pytest.raises(InputError, match="name a PNG or JPEG file"):
        Settings(image=str(tmp_path / "none.png")).key("portrait")


def test_the_command_repeats_every_choice_that_is_not_the_default() -> None:
    assert Settings().reproduce("fit") == "landscape study fit --seed 0"
    settings = Settings(dataset="my data.npz", widths=(48, 2), members=3, quick=True, seed=7)
    assert settings.reproduce("morph") == (
        "landscape study morph --dataset 'my data.npz' --members 3 --widths 2,48 --quick --seed 7"
    )


def test_large_data_are_cut_to_a_subset() -> None:
    assert Settings().data == {"name": "digits"}
    assert Settings(dataset="mnist").data == {"name": "mnist", "num_train": 10_000}
    assert Settings(dataset="mnist", quick=True, data_dir="d").data["num_train"] == 5_000
    assert Settings(num_train=7).data["num_train"] == 7
