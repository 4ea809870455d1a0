"""Do what is left of describe in one run: `python -m services.describer ROOT RUN [NODE]`."""

import sys

from pairmill.door import open_door
from services.describer.stage import describe

if __name__ == "__main__":
    sys.exit(open_door("describer", {"describe": describe}))
