"""Take tasks from queues, or do one run's: `python -m services.ingestor [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.ingestor.stage import dedupe, ingest

if __name__ == "__main__":
    sys.exit(open_door("ingestor", {"ingest": ingest, "dedupe": dedupe}))
