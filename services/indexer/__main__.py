"""Take tasks from queues, or do one run's: `python -m services.indexer [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.indexer.stage import index

if __name__ == "__main__":
    sys.exit(open_door("indexer", {"index": index}))
