"""Take tasks from queues, or do one run's: `python -m services.embedder [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.embedder.edits import embed_edits
from services.embedder.stage import embed

if __name__ == "__main__":
    sys.exit(open_door("embedder", {"embed": embed, "embed_edits": embed_edits}))
