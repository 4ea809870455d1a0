"""Do what is left of the embedder's stage in one run: `python -m services.embedder ROOT RUN`."""

import sys

from pairmill.door import open_door
from services.embedder.stage import embed

if __name__ == "__main__":
    sys.exit(open_door("embedder", {"embed": embed}))
