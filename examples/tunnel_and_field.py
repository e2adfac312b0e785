"""The document's picture through the Python API: a narrow and a wide network, their corridors, and the numbers.

    python examples/tunnel_and_field.py

Trains both networks (or reuses ``runs/``), samples the corridor along each one's training path, draws both on one scale
into ``tunnel_and_field.png`` and prints how wide each corridor is.
"""

import landscape as ls
from landscape.sampling.solutions import extent_of, sample_view
from landscape.train.runs import find_or_train

if __name__ == "__main__":
    runs = {name: find_or_train(name) for name in ("narrow", "wide")}
    extent = ls.common_extent([extent_of(run, "corridor") for run in runs.values()])
    corridors = []
    for name, run in runs.items():
        corridors.append(sample_view(run, "corridor", extent=extent))
        surface = corridors[-1]
        identity = surface.provenance.identity
        across = ls.corridor_width(surface)
        print(
            f"{name}: {identity.network}, P = {identity.P:,}, N = {identity.N:,}, K = {identity.K} ({identity.regime})"
        )
        print(f"  half-width      {ls.half_width(surface)}")
        for row in (0, len(across.step) // 2, -1):
            sign = "=" if across.bounded[row] else ">"
            print(f"  corridor width  {sign} {across.width[row]:.3g} {across.unit} at step {across.step[row]:.0f}")
    ls.render(corridors, "tunnel_and_field.png")
