"""A model of your own: a plane through its weights, kept, measured and drawn.

python examples/quickstart.py
"""

import torch

import landscape as ls

if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(512, 2)
    y = (x.prod(dim=1) > 0).long()
    model = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(300):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    objective = ls.Objective(model.eval(), (x, y), loss=torch.nn.functional.cross_entropy)
    surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=51)
    surface.save("quickstart.h5")
    ls.render(surface, "quickstart.png")
    print("half-width:", ls.half_width(surface))
