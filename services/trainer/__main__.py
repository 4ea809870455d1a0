"""Take `split` tasks, or train as a job: `python -m services.trainer [RUN [NODE]]`.

With `--processes N` the training is shared by N processes (torchrun).
"""

import os
import sys

from services.trainer.launching import launch, processes_of


def main(arguments: list[str]) -> int:
    """Be alone, start several, or be one of several."""
    processes, others = processes_of(arguments)
    if processes > 1 and "RANK" not in os.environ:
        return launch(processes, others)
    from pairmill.models.joining import end_turn, rank_here

    if rank_here() > 0:
        from services.trainer.following import follow

        return follow(others)
    from pairmill.door import open_door
    from services.trainer.splitting import split
    from services.trainer.stage import train

    sys.argv[1:] = others  # the door knows one process
    try:
        return open_door("trainer", {"split": split, "train": train})
    finally:
        end_turn()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
