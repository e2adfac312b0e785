"""Seeing and measuring the loss landscape of neural networks.

Names are loaded when they are first used: ``import landscape`` alone loads neither torch nor VTK. Every public name
stands in ``__init__.pyi``, which type checkers read as well.

    import landscape as ls
    objective = ls.Objective(model, data, loss=torch.nn.functional.cross_entropy)
    surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=51)
    surface.save("wide.h5"); ls.render(surface, "wide.pdf"); ls.half_width(surface)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
