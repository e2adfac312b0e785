"""Curves of low loss: the bend between two solutions, trained."""

import copy
import itertools
import math
from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from landscape.defaults import BEND_STEPS
from landscape.errors import InputError, ObjectiveError
from landscape.objective.batches import Batch
from landscape.objective.objective import Objective
from landscape.records.recipe import CurveRecipe
from landscape.records.recipe_keys import read_recipe
from landscape.space.curves import Curve, Form, shares
from landscape.space.subspaces import Centred

BAR_STEPS = 25


def train_curve(
    objective: Objective,
    end: Centred,
    *,
    form: Form = "bezier",
    steps: int = BEND_STEPS,
    learning_rate: float = 1e-2,
    batch_size: int = 256,
    seed: int = 0,
    progress: bool = True,
    **recipe: str | int | float | bool,
) -> Curve:
    """A curve from the objective's centre to ``end`` along which the mean training loss is low.

    Minimizes ``E_{t ~ U(0,1)} L(theta(t))`` over the bend, the two ends held: each step draws one t and one batch, and
    Adam with a rate that falls to 0 along a cosine moves the bend, which starts midway. The loss is uniform in t, not
    in length. BatchNorm normalizes with the batch while the bend is trained, as Garipov et al. do.

    Args:
        objective: the model, its training data and its loss; its centre is the start.
        end: another solution of the same network.
        form: ``"bezier"`` or ``"polygon"``.
        steps: optimizer steps, one batch each.
        learning_rate: of Adam at the first step.
        batch_size: examples per step, drawn with replacement between steps; 0 takes a whole batch of the objective.
        seed: of the draws of t and of the batches.
        progress: show a bar on stderr.
        recipe: more that is stored with the curve.

    Returns:
        A subspace of one coordinate t, from the objective's centre at 0 to ``end`` at 1.

    Raises:
        InputError: a number that does not fit, or ends of different shape.
        ObjectiveError: the bend diverged.

    References:
        Garipov et al. 2018, arXiv 1802.10026, section 3.1, equation 2.
    """
    if steps < 1 or batch_size < 0 or not 0 < learning_rate < math.inf:
        raise InputError(f"a curve needs steps and a rate above 0, got {steps}, {learning_rate} and batch {batch_size}")
    start = objective.centre
    Curve(start, start, end.centre, form)  # refuses an unknown form and ends of other shape
    middle = {name: 0.5 * (tensor + end.centre[name]) for name, tensor in start.items()}
    training = {"seed": seed, "steps": steps, "learning_rate": learning_rate, "batch_size": batch_size}
    origin = cast(CurveRecipe, read_recipe({"kind": "curve", "form": form, "between": True, **training, **recipe}))
    curve = Curve(start, middle, end.centre, form, origin)
    _descend(objective, curve, steps, learning_rate, batch_size, seed, progress)
    if not all(bool(torch.isfinite(tensor).all()) for tensor in curve.bend.values()):
        raise ObjectiveError(f"the bend diverged at a learning rate of {learning_rate:g}; give a smaller one")
    return curve


def _descend(
    objective: Objective, curve: Curve, steps: int, rate: float, batch_size: int, seed: int, progress: bool
) -> None:
    """Moves the bend's tensors in place, before anybody else has seen them."""
    optimizer = torch.optim.Adam(list(curve.bend.values()), lr=rate)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps)))
    model = _with_batch_statistics(objective.model)
    generator = np.random.default_rng(seed)
    # all at once: a draw at a time would wait for the device
    places = torch.from_numpy(generator.random(steps)).to(objective.device)
    with tqdm(total=steps, disable=not progress, unit="step", desc=f"{objective.name} {curve.form}") as bar:
        for step, batch in enumerate(_batches(objective, batch_size, steps, generator), start=1):
            t = places[step - 1 : step]
            loss, gradients = _gradients(objective, model, curve, t, batch)
            weight = shares(t, curve.form)[1]
            for name, tensor in curve.bend.items():
                tensor.grad = (gradients[name] * weight.to(tensor.dtype)).reshape(tensor.shape)
            optimizer.step()
            scheduler.step()
            if step % BAR_STEPS == 0 or step == steps:
                bar.update(step - bar.n)
                bar.set_postfix_str(f"loss {float(loss):.4g}", refresh=False)


def _gradients(
    objective: Objective, model: nn.Module, curve: Curve, t: Tensor, batch: Batch
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of one batch at t, and its gradient; the bend's own is that times the bend's share."""
    theta = {name: tensor[0].detach().requires_grad_() for name, tensor in curve.at(t[:, None]).items()}
    # buffers, and parameters that the objective keeps where they are; the copy lacks the statistics
    names = {name for name, _ in (*model.named_buffers(), *model.named_parameters())}
    constants = {name: tensor for name, tensor in objective.buffers.items() if name in names}
    inputs, targets = batch
    with torch.enable_grad():
        loss = objective.loss(objective.call.outputs(model, {**constants, **theta}, inputs), targets)
        gradients = torch.autograd.grad(loss, list(theta.values()), materialize_grads=True)
    return loss.detach(), dict(zip(theta, gradients, strict=True))


def _batches(objective: Objective, size: int, steps: int, generator: np.random.Generator) -> Iterator[Batch]:
    """One batch a step: random rows of one of the objective's own, each as likely as it has examples.

    Streamed batches come in their order, and batches that must not be cut come whole.
    """
    split = objective.splits[0]
    if not isinstance(split.batches, tuple):
        passes = itertools.chain.from_iterable(split.chunks(size or 2**62) for _ in itertools.count())
        yield from itertools.islice(passes, steps)
        return
    counts = np.array([len(targets) for _, targets in split.batches])
    for index in generator.choice(len(counts), size=steps, p=counts / counts.sum()):
        inputs, targets = split.batches[index]
        if 0 < size < len(targets) and not split.whole:
            rows = torch.from_numpy(generator.choice(len(targets), size=size, replace=False))
            rows = rows.to(objective.device, non_blocking=True)
            inputs, targets = inputs[rows], targets[rows]
        yield inputs, targets


def _with_batch_statistics(model: nn.Module) -> nn.Module:
    """A copy whose BatchNorm layers keep no statistics and normalize with those of the batch; itself without any."""
    if not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules()):
        return model
    try:
        twin = copy.deepcopy(model)
    except Exception as error:  # a user's attributes refuse it in any way
        raise ObjectiveError(
            f"the model cannot be copied ({type(error).__name__}), which a curve through BatchNorm needs: remove what "
            "it keeps beside its weights (a loss, a lock, an open file)"
        ) from error
    for module in twin.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return twin
