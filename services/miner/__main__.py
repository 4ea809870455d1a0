"""Do what is left of the miner's stages in one run: `python -m services.miner ROOT RUN [NODE]`."""

import sys

from pairmill.door import open_door
from services.miner.stage import bands, mine, select

if __name__ == "__main__":
    sys.exit(open_door("miner", {"bands": bands, "mine": mine, "select": select}))
