"""Generate `shared/pairmill/pb/` from every file of `protos/`: `python protos/generate.py`.

Knows protoc and where its output goes; knows no service. What it writes is committed, and
tests/project/test_protos.py sees that it is fresh.
"""

import re
import sys
import tempfile
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS.parent / "shared" / "pairmill" / "pb"
ROOM = '"""Generated from `protos/` by `make protos`; do not edit."""\n'


def generate(target: Path) -> list[str]:
    """Write the generated package into `target`; return its files' names.

    protoc puts a file where its package says, `pairmill/v1`; the package `pairmill` is the
    library, so the generated modules and their imports move to `pairmill.pb`.
    """
    sources = sorted(PROTOS.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        _protoc(sources, Path(folder))
        found = {path.name: path.read_text("utf-8") for path in Path(folder).rglob("*.py*")}
    found = {"__init__.py": ROOM} | {name: _moved(text) for name, text in found.items()}
    target.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (target / name).write_text(text, "utf-8")
    return sorted(found)


def _protoc(sources: list[Path], out: Path) -> None:
    from grpc_tools import _proto, protoc

    well_known = Path(_proto.__path__[0])
    outs = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
    command = ["protoc", f"-I{PROTOS}", f"-I{well_known}", *outs, *map(str, sources)]
    if protoc.main(command) != 0:
        raise SystemExit("protoc refused the files above: mend them, then generate again")


def _moved(text: str) -> str:
    text = re.sub(r"\bfrom pairmill\.v1 import\b", "from pairmill.pb import", text)
    return re.sub(r"'pairmill\.v1\.(\w+_pb2)'", r"'pairmill.pb.\1'", text)


def main() -> int:
    """Generate, and remove what no file generates any more."""
    kept = set(generate(GENERATED))
    for path in GENERATED.glob("*.py*"):
        if path.name not in kept:
            path.unlink()
    print(f"{len(kept)} files in {GENERATED}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
