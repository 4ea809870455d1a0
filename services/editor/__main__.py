"""Take tasks from queues, or do one run's: `python -m services.editor [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.editor.stage import edit

if __name__ == "__main__":
    sys.exit(open_door("editor", {"edit": edit}))
