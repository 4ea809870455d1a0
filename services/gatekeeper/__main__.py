"""Take tasks from queues, or do one run's: `python -m services.gatekeeper [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.gatekeeper.stage import gate

if __name__ == "__main__":
    sys.exit(open_door("gatekeeper", {"gate": gate}))
