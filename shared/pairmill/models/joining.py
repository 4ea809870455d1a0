"""Form the group of processes that train together, as torchrun started them, and leave it again.

Knows torch.distributed and the environment that torchrun sets; knows no model and no data.
"""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed
from torch._C._distributed_c10d import TCPStore

from pairmill.core.errors import ConfigError, StopError
from pairmill.models.world import Alone, Together

PATIENCE = timedelta(hours=2)
"""How long one process waits for another: the first one validates while the others wait."""

TURN = "pairmill/turn"
TRAIN, DONE = "train", "done"


def rank_here() -> int:
    """Return this process's place among those that torchrun started; 0 where it did not."""
    return int(os.environ.get("RANK", "0"))


def size_here() -> int:
    """Return how many processes torchrun started; 1 where it did not."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def device_here() -> torch.device:
    """Return the device of this process: a GPU of its own where there are any."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


@contextmanager
def together(processes: int) -> Iterator[Alone]:
    """Be one of `processes` that train; with 1, alone.

    Raises ConfigError where torchrun started another number. A fault ends this process, since the
    others wait for what it will not send: torchrun then ends them, and whoever started it tries
    again. An error that no other attempt can mend goes through.
    """
    if processes != size_here():
        raise ConfigError(
            f"training.processes is {processes}, and {size_here()} were started; wanted "
            f"`python -m services.trainer RUN train --processes {processes}`"
        )
    if processes == 1:
        yield Alone()
        return
    if rank_here() == 0:
        _store().set(TURN, TRAIN)
    device = device_here()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Together.joined()
    except StopError:
        raise
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    finally:
        distributed.destroy_process_group()


def wait_for_turn() -> bool:
    """Wait until the first process begins a training; False where it ended without one."""
    store = _store()
    store.wait([TURN], PATIENCE)
    return bool(store.get(TURN) == TRAIN.encode())


def end_turn() -> None:
    """Say, as the first process, that no training will begin any more."""
    if size_here() > 1 and rank_here() == 0:
        _store().set(TURN, DONE)


def _store() -> TCPStore:
    """Return the store that torchrun keeps for its processes."""
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return TCPStore(address, port, is_master=False)
