"""``python -m benchmarks``: the command from a bare checkout."""

import os

if __name__ == "__main__":
    # Before torch is loaded, as the landscape command does: threads that spin while they wait slow a busy machine down.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from benchmarks.command import main

    main(prog_name="python -m benchmarks")
