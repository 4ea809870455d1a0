"""Take tasks from queues, or do one run's: `python -m services.describer [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.describer.captioning import caption
from services.describer.stage import describe

if __name__ == "__main__":
    sys.exit(open_door("describer", {"caption": caption, "describe": describe}))
