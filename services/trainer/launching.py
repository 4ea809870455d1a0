"""Start a training in several processes: be torchrun. Knows its arguments and exit statuses; knows
no stage, and imports nothing that the processes themselves need.
"""

import argparse
import logging

DRAINED = 143
"""Exit status of a program that was told to end, as the door has it."""


def processes_of(arguments: list[str]) -> tuple[int, list[str]]:
    """Return how many processes the arguments ask for, and the other arguments."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--processes", type=int, default=1)
    given, others = parser.parse_known_args(arguments)
    return given.processes, others


def launch(processes: int, arguments: list[str]) -> int:
    """Be `torchrun --standalone --nproc-per-node N -m services.trainer …`; return the exit status:
    that of the first process that failed, so that what it says of trying again holds."""
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    program = ["--standalone", "--nproc-per-node", str(processes), "-m", "services.trainer"]
    try:
        given = torchrun.parse_args([*program, *arguments])  # type: ignore[no-untyped-call]
        torchrun.run(given)  # type: ignore[no-untyped-call]
    except ChildFailedError as error:
        status = error.get_first_failure()[1].exitcode
        return status if status > 0 else 1
    except SignalException:
        return DRAINED
    return 0
