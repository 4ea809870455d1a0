"""Judge retrievers as a job: `python -m services.evaluator [RUN [NODE]]`."""

import sys

from pairmill.door import open_door
from services.evaluator.stage import evaluate

if __name__ == "__main__":
    sys.exit(open_door("evaluator", {"evaluate": evaluate}))
