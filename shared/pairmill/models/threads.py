"""Set how many threads multiply matrices. Knows no model."""

import torch

from pairmill.models.freed import keep_freed_memory


def settle_threads(num: int) -> None:
    """Let matrix products use `num` threads, whatever ran in this process before.

    torch passes the number on to MKL for the whole process, so that the towers' lanes (one thread
    each) leave it at one. Whoever multiplies matrices afterwards sets it again: for speed, and
    because the number decides the order of summation and so the last bits, which must not depend
    on whether texts were encoded now or found from before a stop.
    """
    keep_freed_memory()
    torch.set_num_threads(num)
