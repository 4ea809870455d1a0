"""Run one benchmark and write `benchmarks/results/<name>.json`; knows nothing of what it measures.

A benchmark is a module here with `GOALS: dict[str, str]` and
`measure() -> (figures, details)`; its keys are those of the issue that asked for it.
"""

import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.table import write_table

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure what the command line names."""
    names = sorted(p.stem.replace("_", "-") for p in Path(__file__).parent.glob("*.py")
                   if p.stem not in {"__init__", "__main__", "table"})  # fmt: skip
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        print(f"usage: make bench NAME=<one of: {', '.join(names)}>", file=sys.stderr)
        return 2
    name = sys.argv[1]
    module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
    figures, details = module.measure()
    result = {
        "figures": figures,
        "goals": module.GOALS,
        "details": details,
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"make bench NAME={name}",
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    write_table()
    print(json.dumps(figures, indent=2))
    return 0


def machine() -> dict[str, Any]:
    """Say what was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((li.split(":")[1].strip() for li in lines if li.startswith("model name")), "")


if __name__ == "__main__":
    sys.exit(main())
