"""The process kubelet does what a kubelet does, as far as the chart and its tests lean on it."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from tests.cluster.api import ApiError, Json
from tests.cluster.controlplane.plane import Cluster
from tests.cluster.release import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]
PYTHON = "pairmill-job-test:1"
TELL = """
import json, os, pathlib, socket
def text(path):
    return pathlib.Path(path).read_text()
def writable(path):
    try:
        pathlib.Path(path, 'x').write_text('')
    except OSError:
        return False
    return True
told = {
    'env': dict(os.environ), 'user': [os.getuid(), os.getgid(), os.getgroups()],
    'config': text('/config/a'), 'secret': text('/secret/b'), 'pod': text('/pod/name'),
    'token': text('/var/run/secrets/kubernetes.io/serviceaccount/token').count('.'),
    'writable': {path: writable(path) for path in ('/', '/tmp', '/config', '/empty', '/claim')},
    'rights': [line.split()[1] for line in text('/proc/self/status').splitlines()
               if line.startswith(('CapEff', 'CapBnd', 'NoNewPrivs'))],
    'seen': sorted(os.listdir('/')), 'pid': os.getpid(),
    'service': socket.gethostbyname('web.%s.svc' % os.environ['SPACE']),
}
pathlib.Path('/dev/termination-log').write_text(json.dumps(told)[:4000])
"""


def pod(name: str, container: Json, **spec: object) -> Json:
    """Return a pod of one Python container that never restarts."""
    whole = {"name": "main", "image": PYTHON, **container}
    meta = {"name": name, "labels": {"app": name}}
    start = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 2, "containers": [whole]}
    return {"metadata": meta, "spec": {**start, **spec}}


def python(code: str) -> list[str]:
    """Return a command."""
    return ["python", "-c", code]


class Space:
    """A namespace and what a test makes in it."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.api, self.name = cluster, cluster.api, name

    def path(self, kind: str, name: str = "") -> str:
        """Return a path of core objects."""
        return f"/api/v1/namespaces/{self.name}/{kind}" + (f"/{name}" if name else "")

    def make(self, kind: str, body: Json) -> None:
        """Create an object."""
        self.api.create(self.path(kind), body)

    def status(self, name: str) -> Json:
        """Return the status of a pod."""
        return dict(self.api.get(self.path("pods", name)).get("status", {}))

    def container(self, name: str) -> Json:
        """Return the status of a pod's first container."""
        return dict((self.status(name).get("containerStatuses") or [{}])[0])

    def wait(self, name: str, holds: Callable[[Json], object], what: str = "status") -> None:
        """Wait until a pod's first container is as wanted."""
        wait_for(f"{name}: {what}", lambda: holds(self.container(name)), 60)

    def ended(self, name: str) -> Json:
        """Wait until a pod's container has ended, and return how."""
        self.wait(name, lambda found: "terminated" in found.get("state", {}), "its end")
        return dict(self.container(name)["state"]["terminated"])


@pytest.fixture
def space(cluster: Cluster, namespace: str) -> Space:
    """A fresh namespace."""
    return Space(cluster, namespace)


def test_a_container_finds_what_its_pod_says_and_nothing_more(space: Space) -> None:
    space.make("configmaps", {"metadata": {"name": "c"}, "data": {"a": "1"}})
    space.make("secrets", {"metadata": {"name": "s"}, "stringData": {"b": "2"}})
    asked = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"]}
    space.make("persistentvolumeclaims", {"metadata": {"name": "v"}, "spec": asked})
    space.make("services", {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    names = {"config": "/config", "secret": "/secret", "pod": "/pod", "empty": "/empty",
             "claim": "/claim"}  # fmt: skip
    field = {"fieldRef": {"fieldPath": "metadata.namespace"}}
    container = {
        "command": python(TELL), "envFrom": [{"configMapRef": {"name": "c"}, "prefix": "C_"}],
        "env": [{"name": "SPACE", "valueFrom": field}, {"name": "TWICE", "value": "$(C_a)$(C_a)"},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "b"}}}],
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in names.items()],
        "securityContext": {"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }  # fmt: skip
    own = [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]
    volumes = [
        {"name": "config", "configMap": {"name": "c"}}, {"name": "empty", "emptyDir": {}},
        {"name": "secret", "secret": {"secretName": "s"}},
        {"name": "pod", "downwardAPI": {"items": own}},
        {"name": "claim", "persistentVolumeClaim": {"claimName": "v"}},
    ]  # fmt: skip
    user = {"runAsUser": 12345, "runAsGroup": 12345, "fsGroup": 2000}
    space.make("pods", pod("a", container, volumes=volumes, securityContext=user))
    end = space.ended("a")
    assert end["exitCode"] == 0, space.cluster.kubectl("logs", "-n", space.name, "a")
    told = json.loads(end["message"])
    assert (told["config"], told["secret"], told["pod"], told["token"]) == ("1", "2", "a", 2)
    assert told["user"] == [12345, 12345, [2000, 12345]]
    assert told["writable"] == {"/": False, "/tmp": False, "/config": False, "/empty": True,
                                "/claim": True}  # fmt: skip
    assert told["rights"] == ["0" * 16, "0" * 16, "1"]
    assert not {"boot", "media", "mnt", "srv"} & set(told["seen"]), "this machine's own root"
    assert told["pid"] == 1
    expected = {"SPACE": space.name, "TWICE": "11", "B": "2", "C_a": "1", "HOME": "/"}
    assert {name: told["env"].get(name) for name in expected} == expected
    service = space.api.get(space.path("services", "web"))["spec"]["clusterIP"]
    assert told["service"] == told["env"]["WEB_SERVICE_HOST"] == service


SERVE = """
import http.server, os, pathlib, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        mark = pathlib.Path('/tmp/ready')
        if self.path == '/begin':
            mark.touch()
        good = self.path != '/ready' or mark.exists()
        self.send_response(200 if good else 503); self.end_headers()
        self.wfile.write(os.environ['HOSTNAME'].encode())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(('', 8080), Handler).serve_forever()
"""


def test_pods_that_listen_on_one_port_stand_behind_one_service_once_they_are_ready(
    space: Space,
) -> None:
    ports = [{"port": 80, "targetPort": 8080}]
    space.make("services", {"metadata": {"name": "web"}, "spec": {
        "ports": ports, "selector": {"group": "web"}}})  # fmt: skip
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}
    for name in ("a", "b"):
        body = pod(name, {"command": python(SERVE), "readinessProbe": probe})
        body["metadata"]["labels"]["group"] = "web"
        space.make("pods", body)
    ask = (
        "import time, urllib.request\nseen, until = set(), time.time() + 40\n"
        "while len(seen) < 2 and time.time() < until:\n"
        "    try: seen.add(urllib.request.urlopen('http://web', timeout=2).read())\n"
        "    except OSError: time.sleep(0.2)\n"
        "raise SystemExit(len(seen) != 2)"
    )
    for name in ("a", "b"):
        space.wait(name, lambda found: found.get("state", {}).get("running"), "running")
        assert not space.container(name)["ready"]
    space.make("pods", pod("asking", {"command": python(ask)}))
    for name in ("a", "b"):
        wait_for(f"{name} listens", lambda name=name: begin(space, name))  # type: ignore[misc]
    assert space.ended("asking")["exitCode"] == 0


def begin(space: Space, name: str) -> bool:
    """Tell a pod to be ready from now on; return whether it heard."""
    url = f"http://{space.status(name)['podIP']}:8080/begin"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def test_a_container_whose_liveness_probe_fails_is_started_anew(space: Space) -> None:
    live = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}
    body = pod("a", {"command": python(SERVE), "livenessProbe": live}, restartPolicy="Always")
    space.make("pods", body)
    space.wait("a", lambda found: found.get("restartCount"), "a restart")
    assert space.container("a")["lastState"]["terminated"]["exitCode"] == 0


def test_a_container_that_fails_again_and_again_backs_off(space: Space) -> None:
    body = pod("a", {"command": python("raise SystemExit(7)")}, restartPolicy="Always")
    space.make("pods", body)
    space.wait("a", lambda found: found.get("restartCount") == 2, "its second restart")
    assert space.container("a")["lastState"]["terminated"]["exitCode"] == 7


def test_a_deleted_pod_is_asked_to_end_and_killed_after_its_grace(space: Space) -> None:
    deaf = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(99)"
    for name, code in (("deaf", deaf), ("polite", SERVE)):
        space.make("pods", pod(name, {"command": python(code)}))
        space.wait(name, lambda found: found.get("state", {}).get("running"), "running")
        space.api.delete(space.path("pods", name))
        wait_for(f"{name} is gone", lambda name=name: gone(space, name), 20)  # type: ignore[misc]


def gone(space: Space, name: str) -> bool:
    """Say whether a pod is no more."""
    try:
        space.api.get(space.path("pods", name))
    except ApiError as error:
        return error.status == 404
    return False


def test_init_containers_come_first_and_stop_the_pod_if_they_fail(space: Space) -> None:
    for name, code in (("good", "0"), ("bad", "1")):
        first = {"name": "first", "image": PYTHON, "command": python(f"raise SystemExit({code})")}
        body = pod(name, {"command": python("print('main')")}, initContainers=[first])
        space.make("pods", body)
    wait_for("both ended", lambda: {space.status(name).get("phase") for name in ("good", "bad")}
             == {"Succeeded", "Failed"})  # fmt: skip
    assert "waiting" in space.container("bad")["state"]
    assert space.cluster.kubectl("logs", "-n", space.name, "good", "-c", "main") == "main\n"


def test_an_image_that_nothing_stands_for_is_not_run(space: Space) -> None:
    space.make("pods", pod("a", {"image": "nowhere.example/some:1"}))
    space.wait("a", lambda found: found.get("state", {}).get("waiting", {}).get("reason")
               == "ErrImagePull")  # fmt: skip


def test_a_pod_waits_for_what_it_refers_to(space: Space) -> None:
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "late", "key": "a"}}}]
    code = python("import os; raise SystemExit(int(os.environ['A']))")
    space.make("pods", pod("a", {"command": code, "env": env}))
    space.wait("a", lambda found: found.get("state", {}).get("waiting", {}).get("reason")
               == "CreateContainerConfigError")  # fmt: skip
    space.make("configmaps", {"metadata": {"name": "late"}, "data": {"a": "5"}})
    assert space.ended("a")["exitCode"] == 5


def test_a_job_fails_at_once_at_an_exit_status_that_says_so(space: Space) -> None:
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3]}}
    body = pod("x", {"command": python("raise SystemExit(3)")})["spec"]
    space.api.create(f"/apis/batch/v1/namespaces/{space.name}/jobs", {
        "metadata": {"name": "j"}, "spec": {
            "backoffLimit": 5, "podFailurePolicy": {"rules": [rule]}, "template": {"spec": body},
        },
    })  # fmt: skip
    path = f"/apis/batch/v1/namespaces/{space.name}/jobs/j"
    wait_for("the Job has failed", lambda: any(
        condition["type"] == "Failed" and condition["reason"] == "PodFailurePolicy"
        for condition in space.api.get(path)["status"].get("conditions", [])))  # fmt: skip
    assert space.api.get(path)["status"]["failed"] == 1
