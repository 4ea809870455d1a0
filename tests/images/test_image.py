"""An image, built for real and started under the very security context that the chart gives it."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.charts.rendering import Chart, Manifest, named
from tests.images.daemon import BASE, Docker, import_base, running
from tests.images.dockerfiles import DOCKER, ROOT, without_buildkit
from tests.servers.processes import MinioServer, RedisServer, free_port
from tests.servers.tools import tool

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
SERVICE, IMAGE = "miner", "pairmill-miner:tests"
READY_SECONDS = 60.0


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    """A daemon with the image of one service."""
    with running(tmp_path_factory.mktemp("docker")) as docker:
        import_base(docker)
        path = DOCKER / "cpu.Dockerfile"
        text = path.read_text() if docker.buildkit else without_buildkit(path, SERVICE)
        arguments = ["--build-arg", f"BASE={BASE}", "--build-arg", f"SERVICE={SERVICE}"]
        docker.must("build", "--network=host", *arguments, "-t", IMAGE, "-f", "-", ROOT, given=text)
        yield docker


@pytest.fixture(scope="module")
def template() -> Manifest:
    """The miner's pod, as the chart makes it."""
    manifests = Chart(tool("helm")).render()
    found: Manifest = named(manifests, "Deployment", f"pairmill-{SERVICE}")["spec"]["template"]
    return found


def held(template: Manifest) -> list[str]:
    """Return docker's options for a pod's security context and folders."""
    pod = template["spec"]
    (container,) = pod["containers"]
    of_pod, own = pod["securityContext"], container["securityContext"]
    options = ["--user", f"{of_pod['runAsUser']}:{of_pod['runAsGroup']}"]
    options += [word for name in own["capabilities"]["drop"] for word in ("--cap-drop", name)]
    options += ["--read-only"] if own["readOnlyRootFilesystem"] else []
    options += [] if own["allowPrivilegeEscalation"] else ["--security-opt", "no-new-privileges"]
    for mount in container["volumeMounts"]:
        options += ["--tmpfs", f"{mount['mountPath']}:uid={of_pod['fsGroup']},mode=0770"]
    return options


@pytest.fixture(scope="module")
def worker(
    docker: Docker, template: Manifest, redis_server: RedisServer, minio_server: MinioServer
) -> Iterator[int]:
    """The container `worker`, started by the chart's own command; yields the port of its probes."""
    bucket, port = "worker-image", free_port()
    (minio_server.folder / "data" / bucket).mkdir()  # as the chart's bundled store makes its own
    s3 = minio_server.settings(bucket)
    environment: dict[str, Any] = {
        "PAIRMILL_OBJECTS": "minio", "PAIRMILL_QUEUE": "celery", "PAIRMILL_LEDGER": "redis",
        "PAIRMILL_S3__ENDPOINT": s3.endpoint, "PAIRMILL_S3__BUCKET": s3.bucket,
        "PAIRMILL_S3__ACCESS_KEY": s3.access_key.get_secret_value(),
        "PAIRMILL_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
        "PAIRMILL_REDIS__URL": redis_server.url, "PAIRMILL_REDIS__PREFIX": f"{bucket}:",
        "PAIRMILL_PROBE_PORT": port,
    }  # fmt: skip
    variables = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
    program, *arguments = template["spec"]["containers"][0]["command"]
    options = ["--name", "worker", "--network=host", *held(template), *variables]
    docker.must("run", "-d", *options, "--entrypoint", program, IMAGE, *arguments)
    yield port
    docker("rm", "-f", "worker")


def asked(port: int, path: str) -> int:
    """Return the status of a probe's answer; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def test_the_worker_gets_ready_under_the_charts_security_context(
    docker: Docker, worker: int
) -> None:
    end = time.monotonic() + READY_SECONDS
    while asked(worker, "/ready") != 200 and time.monotonic() < end:
        time.sleep(0.2)
    done = docker("logs", "worker")
    assert asked(worker, "/ready") == 200, (done.stdout + done.stderr)[-2000:]
    assert asked(worker, "/live") == 200


@pytest.mark.usefixtures("worker")
def test_it_runs_as_nobody_without_any_capability(docker: Docker) -> None:
    assert docker.must("exec", "worker", "id", "-u") == "10001"
    status = docker.must("exec", "worker", "cat", "/proc/1/status")
    said = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(said["Uid"].split()) == {"10001"}
    assert int(said["CapEff"], 16) == int(said["CapBnd"], 16) == 0
    assert said["NoNewPrivs"] == "1"


@pytest.mark.usefixtures("worker")
def test_it_cannot_write_to_its_root(docker: Docker) -> None:
    done = docker("exec", "worker", "touch", "/app/pairmill/new")
    assert "Read-only file system" in done.stderr
    assert docker("exec", "worker", "touch", "/tmp/new").returncode == 0
    assert docker("exec", "worker", "touch", "/var/cache/pairmill/new").returncode == 0


@pytest.mark.usefixtures("worker")
def test_it_drains_and_ends_when_it_is_told_to(docker: Docker) -> None:
    docker.must("stop", "-t", "30", "worker")
    told = docker.must("inspect", "worker", "--format", "{{.State.ExitCode}}")
    assert told in ("0", "143"), docker("logs", "worker").stderr[-2000:]


def test_the_image_by_itself_runs_its_service_as_nobody(docker: Docker) -> None:
    told = docker.must("run", "--rm", "--network=none", "--read-only", IMAGE, "--help")
    assert f"services.{SERVICE}" in told
    user = docker.must("inspect", IMAGE, "--format", "{{.Config.User}} {{.Config.Entrypoint}}")
    assert user == "10001:10001 [/app/serve]"


def test_nothing_of_this_machine_and_no_other_service_is_in_the_image(docker: Docker) -> None:
    alone = ("run", "--rm", "--network=none", "--entrypoint")
    listed = docker.must(*alone, "ls", IMAGE, "/app/services")
    assert set(listed.split()) == {"__init__.py", "__pycache__", SERVICE}
    packages = docker.must(*alone, "pip", IMAGE, "list")
    assert "torch" not in packages
