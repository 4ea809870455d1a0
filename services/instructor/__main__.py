"""Take tasks from queues, or do one run's: `python -m services.instructor [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.instructor.stage import instruct

if __name__ == "__main__":
    sys.exit(open_door("instructor", {"instruct": instruct}))
