"""Keep one container running as its pod's restart policy says. Knows one container; no API.

waiting → running → terminated → (back-off) waiting → running …
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.cluster.api import ApiError, Json
from tests.cluster.kubelet.lookup import NotYetError
from tests.cluster.kubelet.probes import Probe
from tests.cluster.kubelet.sandbox import Running, Sandbox

TICK_SECONDS = 0.1
FIRST_BACK_OFF, LAST_BACK_OFF = 10.0, 300.0
TAIL_BYTES, TAIL_LINES = 2048, 80
"""As much of a log as a termination message may hold."""


class ImageError(Exception):
    """There is nothing that stands for the image."""


def now() -> str:
    """Return the time as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(kw_only=True)
class Container:
    """One container: `make` makes its sandbox anew for each start, `changed` is told of changes."""

    spec: Json
    address: str
    policy: str
    folder: Path
    log: Path
    make: Callable[[], Sandbox]
    changed: Callable[[], None]
    state: Json = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last: Json = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False
    started: bool = False
    running: Running | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Run it on a thread of its own."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until it runs no more and will not run again."""
        if self._thread is not None:
            self._thread.join()

    @property
    def done(self) -> bool:
        """It has ended and will not start again."""
        return "terminated" in self.state and (self._thread is None or not self._thread.is_alive())

    @property
    def exit_code(self) -> int:
        """How it ended."""
        return int(self.state.get("terminated", {}).get("exitCode", 1))

    def stop(self, grace_seconds: float) -> None:
        """Run its preStop hook, SIGTERM, then SIGKILL after the grace; it does not start again."""
        self._stopping.set()
        running, until = self.running, time.monotonic() + grace_seconds
        if running is not None and running.exit_code() is None:
            hook = self.spec.get("lifecycle", {}).get("preStop", {})
            if "sleep" in hook:
                time.sleep(min(grace_seconds, hook["sleep"]["seconds"]))
            if "exec" in hook:
                running.execute(hook["exec"]["command"], grace_seconds)
            running.end(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            code = self._once()
            if self.policy == "Never" or (self.policy == "OnFailure" and code == 0):
                break
            if self._stopping.wait(pause):
                break
            self.last, self.restarts = self.state, self.restarts + 1
            pause = min(LAST_BACK_OFF, max(FIRST_BACK_OFF, 2 * pause))
            why = {"reason": "CrashLoopBackOff", "message": f"back-off {pause:.0f}s"}
            self._becomes({"waiting": why})
        self.changed()

    def _once(self) -> int:
        """Start it, watch it to its end, and return its exit code."""
        sandbox = self._prepared()
        if sandbox is None:
            return 1
        self.folder.mkdir(parents=True, exist_ok=True)
        began = now()
        self.running = sandbox.start(self.log)
        self._becomes({"running": {"startedAt": began}})
        why = self._watch(self.running)
        code = self.running.exit_code() or 0
        self.ready = self.started = False
        reason = why or ("Completed" if code == 0 else "Error")
        self._becomes({"terminated": {
            "exitCode": code, "reason": reason, "message": self._last_words(code),
            "startedAt": began, "finishedAt": now(),
            "containerID": f"process://{self.running.process.pid}",
        }})  # fmt: skip
        return code

    def _prepared(self) -> Sandbox | None:
        """Return the sandbox once all it needs is there; None where the pod ends before."""
        while not self._stopping.is_set():
            try:
                return self.make()
            except NotYetError as error:
                why = {"reason": "CreateContainerConfigError", "message": str(error)}
            except ImageError as error:
                why = {"reason": "ErrImagePull", "message": str(error)}
            except ApiError as error:
                why = {"reason": "ContainerCreating", "message": str(error)}
            self._becomes({"waiting": why})
            self._stopping.wait(1.0)
        return None

    def _watch(self, running: Running) -> str:
        """Ask its probes until it ends; return why it was ended, if it was."""
        startup = Probe.of(self.spec, "startupProbe", self.address)
        ready = Probe.of(self.spec, "readinessProbe", self.address)
        live = Probe.of(self.spec, "livenessProbe", self.address)
        while running.exit_code() is None:
            if startup is not None and not startup.passed:
                asked = startup.ask(running)
                if asked and startup.failed:
                    return self._kill(running, startup, "startup")
            elif live is not None and live.ask(running) and live.failed:
                return self._kill(running, live, "liveness")
            elif ready is not None and ready.ask(running):
                pass
            started = startup is None or startup.passed
            passed = started and (ready is None or (
                ready.passed or (self.ready and not ready.failed)))  # fmt: skip
            if (started, passed) != (self.started, self.ready):
                self.started, self.ready = started, passed
                self.changed()
            time.sleep(TICK_SECONDS)
        return ""

    def _kill(self, running: Running, probe: Probe, kind: str) -> str:
        print(f"{self.log.name}: {kind} probe failed: {probe.said}", flush=True)
        running.end(30.0)
        return "Error"

    def _last_words(self, code: int) -> str:
        with suppress(OSError):
            words = (self.folder / "termination").read_bytes()[:4096].decode(errors="replace")
            if words:
                return words
        policy = self.spec.get("terminationMessagePolicy", "File")
        if policy != "FallbackToLogsOnError" or code == 0 or not self.log.exists():
            return ""
        data = self.log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")
        return "".join(data.splitlines(keepends=True)[-TAIL_LINES:])

    def _becomes(self, state: Json) -> None:
        if state != self.state:
            self.state = state
            self.changed()
