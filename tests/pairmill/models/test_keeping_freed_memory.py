"""Blocks as large as a layer's activations come from memory that the process holds already."""

import platform
import resource
import subprocess
import sys

import pytest

FAULTS_OF_BLOCKS = """
import resource, sys
import numpy as np
from pairmill.models.freed import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def work():
    for _ in range(20):
        held = [np.ones(3 * 2**20, np.uint8) for _ in range(8)]
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    command = [sys.executable, "-c", FAULTS_OF_BLOCKS, how]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_a_second_round_of_work_asks_the_system_for_no_pages() -> None:
    pages_of_a_round = 20 * 8 * 3 * 2**20 // resource.getpagesize()
    assert faults("keep") < pages_of_a_round / 20
    assert faults("leave") > pages_of_a_round / 2
