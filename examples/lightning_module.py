"""A Lightning module, trained by its Trainer; its own loss is what the plane shows.

python examples/lightning_module.py
"""

import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset

import landscape as ls


class Signs(lightning.LightningModule):
    """Two classes of points by the sign of x y."""

    def __init__(self) -> None:
        super().__init__()
        self.network = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))

    def loss(self, batch: list[torch.Tensor], index: int = 0) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(self.network(batch[0]), batch[1])

    training_step = loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=1e-2)


if __name__ == "__main__":
    lightning.seed_everything(0)
    x = torch.randn(500, 2)
    loader = DataLoader(TensorDataset(x, (x.prod(dim=1) > 0).long()), batch_size=64)
    silent = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    lightning.Trainer(max_epochs=20, accelerator="cpu", **silent).fit(module := Signs(), loader)

    objective = ls.Objective(module.eval(), loader, batch_loss=Signs.loss)
    surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=15, rays=16)
    surface.save("lightning_module.h5")
    ls.render(surface, "lightning_module.png")
    print("half-width:", ls.half_width(surface))
