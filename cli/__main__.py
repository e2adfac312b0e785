"""``python -m cli``: the command from a bare checkout."""

from . import main

if __name__ == "__main__":
    main(prog_name="landscape")
