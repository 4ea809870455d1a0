"""Bring the whole cluster up on this machine, or down: `python -m services.local up|down DIR`."""

import argparse
import shlex
import sys
from pathlib import Path

from pairmill.core.errors import StopError
from services.local.layout import open_layout
from services.local.programs import environment, programs
from services.local.site import Site


def up(folder: Path) -> None:
    """Start what does not run yet, servers first, and say how to go on."""
    layout = open_layout(folder)
    site = Site(folder, programs(folder, layout, {}))
    for name, new in site.start_all(site.programs):
        print(f"{name:<12} {'started' if new else 'runs already'}: {site.log(name)}")
    path = folder / "env"
    path.touch(mode=0o600)
    lines = [f"export {k}={shlex.quote(v)}" for k, v in environment(folder, layout).items()]
    path.write_text("\n".join(lines) + "\n")
    print(NEXT.format(folder=folder, env=path, layout=layout))


def down(folder: Path) -> None:
    """Stop everything: workers finish or give back what they hold, then the servers."""
    site = Site(folder, [])
    killed = site.stop_all(site.started())
    print("stopped" + (f"; had to be killed: {', '.join(killed)}" if killed else ""))


NEXT = """
All is up. In a shell:
  source {env}
  pairmill upload PHOTOS s3://{layout.bucket}-in/photos
  pairmill submit --corpus s3://{layout.bucket}-in/photos --watch
  grpcurl -plaintext 127.0.0.1:{layout.retriever} list
gateway 127.0.0.1:{layout.gateway} (JSON: {layout.gateway_http}), retriever \
127.0.0.1:{layout.retriever} (JSON: {layout.retriever_http}); logs in {folder}/logs
"""


def main() -> int:
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m services.local", description=__doc__)
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("folder", type=Path, help="where data, logs and secrets lie")
    given = parser.parse_args()
    try:
        (up if given.what == "up" else down)(given.folder.resolve())
    except StopError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
