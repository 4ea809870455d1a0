"""Probes answer over real HTTP what the process says of itself."""

import urllib.error
import urllib.request

from pairmill.settings import Settings
from pairmill.working import metrics
from pairmill.working.probes import probes


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_probe_says_why_it_fails_and_passes_once_nothing_does() -> None:
    faults = ["loading"]
    with probes(Settings(probe_port=0), live=lambda: "", ready=lambda: "".join(faults)) as port:
        assert ask(port, "/live") == (200, "ok\n")
        assert ask(port, "/ready") == (503, "loading\n")
        faults.clear()
        assert ask(port, "/ready") == (200, "ok\n")
        assert ask(port, "/else")[0] == 404


def test_metrics_come_in_prometheus_text() -> None:
    metrics.TASKS.labels("embedder", "embed", "settled").inc()
    with probes(Settings(probe_port=0), live=str, ready=str) as port:
        status, text = ask(port, "/metrics")
    assert status == 200
    line = 'pairmill_tasks_total{outcome="settled",service="embedder",stage="embed"}'
    assert line in text


def test_without_a_port_nothing_listens() -> None:
    with probes(Settings(), live=str, ready=str) as port:
        assert port == 0
