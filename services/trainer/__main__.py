"""Take `split` tasks, or train as a job: `python -m services.trainer [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.trainer.stage import split, train

if __name__ == "__main__":
    sys.exit(open_door("trainer", {"split": split, "train": train}))
