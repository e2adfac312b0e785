"""The document's picture through the Python API: a narrow and a wide network, their corridors, and the numbers.

    python examples/tunnel_and_field.py

Trains both networks (or reuses ``runs/``), samples the corridor along each one's training path, draws both on one scale
into ``tunnel_and_field.png`` and prints how wide each corridor is.
"""

import landscape as ls

if __name__ == "__main__":
    pair = ls.open_solutions("pair", progress=True)
    extent = ls.common_extent([ls.extent_of(solution, "corridor") for solution in pair])
    corridors = [ls.sample_view(solution, "corridor", extent=extent) for solution in pair]
    ls.render(corridors, "tunnel_and_field.png")
    for name, corridor in zip(("narrow", "wide"), corridors, strict=True):
        identity, across = corridor.provenance.identity, ls.corridor_width(corridor)
        regime = f"P = {identity.P:,}, N = {identity.N:,}, K = {identity.K} ({identity.regime})"
        print(f"{name}: {identity.network}, {regime}")
        print(f"  half-width      {ls.half_width(corridor)}")
        for row in (0, len(across.step) // 2, -1):
            sign = "=" if across.bounded[row] else ">"
            print(f"  corridor width  {sign} {across.width[row]:.3g} {across.unit} at step {across.step[row]:.0f}")
