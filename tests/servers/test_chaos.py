"""Whatever is killed, whenever it is killed: the run ends with the bytes of the embedded run."""

import itertools
import time

import pytest

from pairmill.pipeline.standing import ended, read_progress
from tests.servers.conftest import Emoji
from tests.servers.site import TestSite, committed_objects

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
SECONDS = 400.0


def test_killing_every_process_in_turn_and_emptying_redis_loses_nothing(
    site: TestSite, emoji: Emoji
) -> None:
    run = site.submit("--corpus", "s3://pictures/corpus", "--config", emoji.config)
    killed: list[str] = []
    names = [name for name in site.site.programs if name != "gateway"]
    limit = time.monotonic() + SECONDS
    for name in itertools.cycle(["gateway", *names]):
        if ended(site.objects, run) or time.monotonic() > limit:
            break
        site.site.kill(name)
        killed.append(name)
        if name == "redis":
            _flush_after_restart(site)
        site.start(name)
        time.sleep(0.5)
    assert site.wait_for(run, SECONDS).state == "finished"
    assert set(killed) == set(site.site.programs), "the run was over before all were killed"
    assert committed_objects(site.objects) == emoji.committed


def test_a_run_that_is_cancelled_and_retried_at_every_stage_loses_nothing(
    site: TestSite, emoji: Emoji
) -> None:
    config = emoji.config.with_name("other.yaml")
    config.write_text(emoji.config.read_text() + "seed: 1\n")
    run = site.submit("--corpus", "s3://pictures/corpus", "--config", config)
    cancelled: list[str] = []
    while ended(site.objects, run) is None:
        begun = [n.node for n in read_progress(site.objects, run).nodes if n.open or n.done]
        new = [node for node in begun if node not in cancelled]
        if new:
            cancelled += new
            _cancel_and_retry(site, run)
        time.sleep(0.05)
    assert site.wait_for(run, SECONDS).state == "finished"
    assert {"describe", "split", "train", "evaluate"} <= set(cancelled)


def _cancel_and_retry(site: TestSite, run: str) -> None:
    done = site.pairmill("cancel", run)
    if done.returncode:  # it finished just before
        assert "finished" in done.stderr + done.stdout
        return
    end = ended(site.objects, run)
    assert end is not None
    assert end.state == "cancelled"
    time.sleep(1)
    done = site.pairmill("retry", run)
    assert done.returncode == 0, done.stdout + done.stderr


def _flush_after_restart(site: TestSite) -> None:
    """Redis comes back with nothing at all: neither messages nor ledger."""
    import shutil

    shutil.rmtree(site.folder / "redis" / "appendonlydir", ignore_errors=True)
