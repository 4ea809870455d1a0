"""The only room that names vendors: settings and a run become ports. Knows no stage."""

from pairmill.wiring.ports import Ports
from pairmill.wiring.stores import Stores

__all__ = ["Ports", "Stores"]
