"""Networks and losses that hold or make float32 tensors of their own, as people write them."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from landscape.objective.objective import Objective


class ZeroState(nn.Module):
    """A recurrent network whose first hidden state is made in the forward."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent, self.outputs = nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(1, len(x), 8)
        return self.outputs(self.recurrent(x, (state, state))[0][:, -1])


class Bytes(nn.Module):
    """A network that scales images of bytes itself."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.float().flatten(1) / 255)


class Pinn(nn.Module):
    """A network that solves ``u'' = -pi^2 sin(pi x)`` at points that it holds itself."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        self.inside, self.rim = torch.linspace(0, 1, 64)[:, None].requires_grad_(True), torch.tensor([[0.0], [1.0]])

    def physics(self) -> Tensor:
        u = self.net(self.inside)
        first = torch.autograd.grad(u.sum(), self.inside, create_graph=True)[0]
        second = torch.autograd.grad(first.sum(), self.inside, create_graph=True)[0]
        residual = second + math.pi**2 * torch.sin(math.pi * self.inside)
        return residual.square().mean() + self.net(self.rim).square().mean()


class Checked(nn.Module):
    """A network that takes nothing but float32."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.layer.weight.dtype != torch.float32:
            raise TypeError("weights must be float32")
        return self.layer(x)


def _recurrent() -> Objective:
    return Objective(ZeroState().eval(), (torch.randn(60, 5, 4), torch.randint(0, 3, (60,))))


def _bytes() -> Objective:
    images = torch.randint(0, 256, (60, 4, 4), dtype=torch.uint8)
    return Objective(Bytes().eval(), (images, torch.randint(0, 3, (60,))))


def _class_weights() -> Objective:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2)).eval()
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0]))
    return Objective(net, (torch.randn(60, 3, 8, 8), torch.randint(0, 2, (60,))), loss=loss)


def _physics() -> Objective:
    return Objective(Pinn().eval(), torch.zeros(1), batch_loss=lambda model, _: model.physics())


OBJECTIVES: dict[str, Callable[[], Objective]] = {
    "a state made in the forward": _recurrent,
    "x.float() in the forward": _bytes,
    "class weights in the loss": _class_weights,
    "points held by the model": _physics,
}


def narrow_objective(name: str) -> Objective:
    """The seeded objective of that name, in float32."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return OBJECTIVES[name]()
