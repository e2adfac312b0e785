"""A timm ResNet with BatchNorm: a plane around it, the statistics re-estimated at every point.

    pip install timm    # brings torchvision, and with it a torch that fits
    python examples/timm_resnet.py

Kept out of the test environment for that reason; last run by hand with timm 1.0.31, torchvision 0.28 and torch 2.13.
"""

import timm
import torch

import landscape as ls

if __name__ == "__main__":
    torch.manual_seed(0)
    images, classes = torch.randn(64, 3, 32, 32), torch.arange(64) % 4  # in place of a data set
    model = timm.create_model("resnet10t", num_classes=4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(10):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), classes).backward()
        optimizer.step()

    objective = ls.Objective(model.eval(), (images, classes), batchnorm="reestimate", name="resnet10t")
    surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=11, extent=1.0, rays=4)
    surface.save("timm_resnet.h5")
    ls.render(surface, "timm_resnet.png")
    print(f"P = {objective.P:,}, training loss {objective.at_centre()['train_loss']:.3g} nats per example")
