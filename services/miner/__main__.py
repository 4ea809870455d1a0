"""Take tasks from queues, or do one run's: `python -m services.miner [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.miner.stage import bands, mine, select

if __name__ == "__main__":
    sys.exit(open_door("miner", {"bands": bands, "mine": mine, "select": select}))
