"""Speed, measured: ours beside every published sampler and an honest serial loop, in one process, in turn.

``python -m benchmarks --help``. A section is one file with one function ``rows(workload)`` that returns the rows of its
JSON list; `SECTIONS` names them. Bare seconds mean little, as machines drift: only ratios inside one run count.
"""

SECTIONS = ("surface", "scaling", "training", "tolerance", "curvature")
