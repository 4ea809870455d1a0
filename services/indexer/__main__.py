"""Do what is left of index in one run: `python -m services.indexer ROOT RUN [NODE]`."""

import sys

from pairmill.door import open_door
from services.indexer.stage import index

if __name__ == "__main__":
    sys.exit(open_door("indexer", {"index": index}))
