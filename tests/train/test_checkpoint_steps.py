"""Which step a checkpoint is: the file knows best, then a named field, then a number alone; else refused."""

import pytest

from landscape.errors import InputError
from landscape.train.checkpoint_steps import steps_of

NAMES: dict[str, tuple[list[str], list[float]]] = {
    "lightning": (
        ["epoch=2-val_loss=0.47.ckpt", "epoch=0-val_loss=0.91.ckpt", "epoch=1-val_loss=0.52.ckpt"],
        [2, 0, 1],
    ),
    "lightning with steps": (["epoch=2-step=30.ckpt", "epoch=0-step=10.ckpt"], [30, 10]),
    "accuracy behind the epoch": (["resnet_ep1_acc80.5.pth", "resnet_ep2_acc79.1.pth"], [1, 2]),
    "whole accuracy": (["net_epoch_3_acc_80.pt", "net_epoch_4_acc_70.pt"], [3, 4]),
    "an equal score": (["epoch=1-acc=80.ckpt", "epoch=2-acc=80.ckpt"], [1, 2]),
    "trainer": (["checkpoint-500", "checkpoint-1000"], [500, 1000]),
    "fairseq": (["checkpoint3.pt", "checkpoint12.pt"], [3, 12]),
    "zeros": (["step-000000009.safetensors", "step-000000100.safetensors"], [9, 100]),
    "mmengine": (["iter_4000.pth", "iter_800.pth"], [4000, 800]),
    "capitals": (["Model_Iteration_40.pth", "Model_Iteration_8.pth"], [40, 8]),
    "global step": (["global_step100.pt", "global_step20.pt"], [100, 20]),
    "numbers alone": (["9.pt", "100.pt", "20.pt"], [9, 100, 20]),
    "a size that all share": (["resnet-18-100.pt", "resnet-18-20.pt"], [100, 20]),
    "a size in a word": (["resnet50_100.pt", "resnet50_20.pt"], [100, 20]),
    "a word with a seed": (["w10_seed3.pt", "w20_seed4.pt"], [10, 20]),
    "an exponent": (["lr1e-3_step5.pt", "lr1e-3_step10.pt"], [5, 10]),
    "decimals are no steps": (["net-0.91-1.pt", "net-0.52-2.pt"], [1, 2]),
    "one epoch, several steps": (["epoch1_step100.pt", "epoch1_step200.pt", "epoch2_step300.pt"], [100, 200, 300]),
    "a single file": (["epoch=7-val_loss=0.2.ckpt"], [7]),
    "a single file without a step": (["best.ckpt"], [0]),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_tells_the_step(case: str) -> None:
    names, steps = NAMES[case]
    assert steps_of(names, [{}] * len(names)) == steps


@pytest.mark.parametrize(
    "names",
    [
        ["run-1-10.pt", "run-2-5.pt"],
        ["start.pt", "end.pt"],
        ["step-1-a.pt", "step-1-b.pt"],
        ["epoch1_step200.pt", "epoch2_step100.pt"],
        ["epoch1_step100.pt", "epoch1_step200.pt", "epoch2_step100.pt", "epoch2_step200.pt"],
        ["2024-01-02-10.pt", "2024-01-03-09.pt"],
        ["10.pt", "best.pt"],
        ["loss-0.3.pt", "loss-0.2.pt"],
        ["acc=80.pt", "acc=90.pt"],
        ["acc80.pt", "acc90.pt"],
        ["step-10k.pt", "step-5k.pt"],
    ],
)
def test_names_that_tell_no_order_are_refused_and_shown(names: list[str]) -> None:
    with pytest.raises(InputError, match="name them by their step") as caught:
        steps_of(names, [{}] * len(names))
    assert all(name in str(caught.value) for name in names)


def test_the_order_that_was_read_is_shown() -> None:
    with pytest.raises(InputError, match=r"epoch1_step100\.pt is 100, epoch2_step100\.pt is 100"):
        steps_of(["epoch1_step100.pt", "epoch2_step100.pt", "epoch1_step200.pt", "epoch2_step200.pt"], [{}] * 4)
    with pytest.raises(InputError, match=r"b-step5-epoch2 is 5, a-step9-epoch1 is 9 by the first"):
        steps_of(["a-step9-epoch1", "b-step5-epoch2"], [{}] * 2)


def test_the_file_knows_better_than_its_name() -> None:
    names = ["step-1.pt", "step-2.pt"]
    assert steps_of(names, [{"global_step": 70.0, "epoch": 3.0}, {"global_step": 30.0, "epoch": 1.0}]) == [70, 30]
    assert steps_of(names, [{"epoch": 3.0}, {"epoch": 1.0}]) == [3, 1]
    # a file that does not say leaves it to the names; so does an epoch within which several were saved
    assert steps_of(names, [{"global_step": 70.0}, {}]) == [1, 2]
    assert steps_of(names, [{"epoch": 0.0}, {"epoch": 0.0}]) == [1, 2]
    with pytest.raises(InputError, match="disagree"):
        steps_of([*names, "step-3.pt"], [{"epoch": 1.0}, {"epoch": 0.0}, {"epoch": 1.0}])
    with pytest.raises(InputError, match="'global_step' in the files and 'epoch' in the files disagree"):
        steps_of(names, [{"global_step": 5.0, "epoch": 3.0}, {"global_step": 9.0, "epoch": 1.0}])
