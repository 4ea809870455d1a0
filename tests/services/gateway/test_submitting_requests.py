"""Submitting to the gateway: one request is one run, and a faulty one is told all of its faults."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pairmill.core.errors import RootError
from pairmill.pb.runs_pb2 import Benchmark, CaptionTable, SubmitRunRequest
from pairmill.pipeline.runs import load_run
from pairmill.pipeline.standing import active_runs, end_run, submitted
from pairmill.run_messages import MAX_CONFIG_BYTES, MAX_FILE_BYTES
from pairmill.wiring import Stores
from services.gateway.patience import Deadline
from services.gateway.refusing import FaultyRequestError
from services.gateway.rooms import Rooms
from services.gateway.submitting import Office
from tests.services.gateway.world import draw, files_of, opener

PHOTOS = "s3://own/photos"


def faults_of(rooms: Rooms, message: SubmitRunRequest) -> dict[str, str]:
    with pytest.raises(FaultyRequestError) as caught:
        rooms.office.take(message)
    return {fault.field: fault.what for fault in caught.value.faults}


def benchmark(*targets: str) -> Benchmark:
    lines = [{"query_id": t, "query_image": "a", "instruction": "x", "targets": [t]}
             for t in targets]  # fmt: skip
    return Benchmark(data="".join(json.dumps(line) + "\n" for line in lines).encode(), name="q")


def test_a_request_becomes_a_run_that_is_written_down_and_active(
    rooms: Rooms, stores: Stores, request_photos: SubmitRunRequest
) -> None:
    taken = rooms.office.take(request_photos)
    assert (taken.existed, taken.state) == (False, "active")
    assert active_runs(stores.objects) == [taken.run]
    noted = submitted(stores.objects, taken.run)
    assert noted is not None
    assert noted.corpus == "photos"
    spec, places = load_run(stores.objects, taken.run)
    assert (spec.corpus, places.source) == ("photos", PHOTOS)
    assert spec.encoder_id


def test_the_same_request_is_the_same_run_and_writes_nothing_more(
    rooms: Rooms, root: Path, request_photos: SubmitRunRequest
) -> None:
    first = rooms.office.take(request_photos)
    before = files_of(root)
    second = rooms.office.take(request_photos)
    assert (second.run, second.existed) == (first.run, True)
    assert files_of(root) == before


def test_an_embedded_run_of_the_same_request_has_the_same_name(
    rooms: Rooms, buckets: Path, tmp_path: Path
) -> None:
    from pairmill.config import RunConfig
    from pairmill.settings import Settings
    from services.standalone.submit import Submission, submit

    asked = Submission(corpus=str(buckets / "own/photos"), out=tmp_path / "o", config=RunConfig())
    local = submit(asked, Settings()).graph.spec.name
    assert rooms.office.take(SubmitRunRequest(corpus=PHOTOS)).run == local


def test_every_part_of_a_request_makes_another_run(rooms: Rooms) -> None:
    captions = CaptionTable(data=b"file,caption\na.jpg,a red square\n", file_name="c.csv")
    asked = [
        SubmitRunRequest(corpus=PHOTOS),
        SubmitRunRequest(corpus=PHOTOS, config_yaml="seed: 1"),
        SubmitRunRequest(corpus=PHOTOS, preset="megapairs"),
        SubmitRunRequest(corpus=PHOTOS, benchmark=benchmark("b")),
        SubmitRunRequest(corpus=PHOTOS + "/*.jpg", captions=captions),
        SubmitRunRequest(corpus=PHOTOS, gallery=PHOTOS),
    ]
    assert len({rooms.office.take(message).run for message in asked}) == len(asked)


def test_all_faults_of_a_request_are_told_at_once_and_nothing_is_written(
    rooms: Rooms, root: Path
) -> None:
    message = SubmitRunRequest(
        corpus="/home/me/photos", gallery="s3://missing/shop", preset="huge",
        captions=CaptionTable(data=b"name,size\n1,2\n", file_name="t.csv"),
        benchmark=Benchmark(data=b"nope", name="queries.jsonl"),
        config_yaml="seed: -1\nmining: {foo: 1, first_rank: 60}\ntraining: {weight_decay: .inf}\n",
    )  # fmt: skip
    found = faults_of(rooms, message)
    assert set(found) == {
        "corpus", "gallery", "preset", "captions", "benchmark", "config.seed", "config.mining.foo",
        "config.training.weight_decay",
    }  # fmt: skip
    assert "pairmill upload /home/me/photos s3://BUCKET/PREFIX" in found["corpus"]
    assert "no bucket 'missing'" in found["gallery"]
    assert "wanted one of gemma, laptop, megapairs" in found["preset"]
    assert "wanted one of file" in found["captions"]
    assert "queries.jsonl, line 1" in found["benchmark"]
    assert files_of(root) == {}


def test_the_text_of_a_refusal_names_every_field(rooms: Rooms) -> None:
    with pytest.raises(FaultyRequestError) as caught:
        rooms.office.take(SubmitRunRequest(corpus="x", config_yaml="seed: -1"))
    head, *lines = str(caught.value).splitlines()
    assert head == "got 2 faults:"
    assert [line.split(":")[0] for line in lines] == ["  config.seed", "  corpus"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1, 2]", "wanted a YAML mapping, got list"),
        ("a: [", "wanted YAML of settings"),
        ("seed: 2026-99-99", "wanted YAML of settings"),
        ("seed: " + "9" * 5000, "wanted YAML of settings"),
        ("[" * 3000, "wanted YAML of settings"),
        ("#" * (MAX_CONFIG_BYTES + 1), f"wanted at most {MAX_CONFIG_BYTES:,}"),
        ("!!python/object/apply:os.system ['true']", "wanted YAML of settings"),
    ],
    ids=["list", "open", "no date", "no number", "deep", "large", "code"],
)
def test_a_configuration_that_is_none_is_refused(rooms: Rooms, text: str, told: str) -> None:
    assert told in faults_of(rooms, SubmitRunRequest(corpus=PHOTOS, config_yaml=text))["config"]


@pytest.mark.parametrize(
    "address", ["", "photos", "file:///etc", "s3://", "s3://own/../x", "s3://own/\n", "s3:///x"]
)
def test_an_address_that_is_none_is_refused(rooms: Rooms, address: str) -> None:
    assert "s3://" in faults_of(rooms, SubmitRunRequest(corpus=address))["corpus"]


def test_files_above_their_limit_are_refused(rooms: Rooms) -> None:
    large = b"x" * (MAX_FILE_BYTES + 1)
    message = SubmitRunRequest(corpus=PHOTOS, benchmark=Benchmark(data=large),
                               captions=CaptionTable(data=large, file_name="t.csv"))  # fmt: skip
    found = faults_of(rooms, message)
    assert all(f"at most {MAX_FILE_BYTES:,}" in found[part] for part in ("captions", "benchmark"))


def test_a_name_that_would_lead_elsewhere_is_no_preset(rooms: Rooms) -> None:
    message = SubmitRunRequest(corpus=PHOTOS, config_yaml="preset: ../../x")
    assert "config.preset" in faults_of(rooms, message)


def test_an_empty_prefix_and_a_prefix_without_images_are_refused(
    rooms: Rooms, buckets: Path
) -> None:
    (buckets / "own/notes").mkdir()
    assert "holds nothing" in faults_of(rooms, SubmitRunRequest(corpus="s3://own/notes"))["corpus"]
    (buckets / "own/notes/a.md").touch()
    told = faults_of(rooms, SubmitRunRequest(corpus="s3://own/notes"))
    assert "got no image among 1 files" in told[""]


def test_a_benchmark_of_other_images_is_refused(rooms: Rooms, root: Path) -> None:
    message = SubmitRunRequest(corpus=PHOTOS)
    message.benchmark.data = benchmark("z").data.replace(b'"a"', b'"y"')
    assert "none of them is in the corpus" in faults_of(rooms, message)[""]
    assert files_of(root) == {}


@pytest.mark.parametrize("names", ["xyz", "abc"], ids=["other files", "files of the same names"])
def test_two_sources_under_one_name_are_told_apart_and_nothing_is_written(
    rooms: Rooms, buckets: Path, root: Path, request_photos: SubmitRunRequest, names: str
) -> None:
    rooms.office.take(request_photos)
    draw(buckets / "other/photos", names)
    before = files_of(root)
    told = faults_of(rooms, SubmitRunRequest(corpus="s3://other/photos", gallery=PHOTOS))
    assert f"belongs to {PHOTOS}" in told["corpus"]
    assert files_of(root) == before


def test_a_source_that_grew_keeps_its_listing_and_says_so(
    rooms: Rooms, buckets: Path, request_photos: SubmitRunRequest
) -> None:
    first = rooms.office.take(request_photos)
    draw(buckets / "own/photos", "d")
    second = rooms.office.take(request_photos)
    assert second.run == first.run
    assert "1 new images are not taken" in second.notes[0]


def test_a_run_that_was_cancelled_is_not_started_by_submitting_it_again(
    rooms: Rooms, stores: Stores, request_photos: SubmitRunRequest
) -> None:
    run = rooms.office.take(request_photos).run
    end_run(stores.objects, run, "cancelled", "too dear")
    again = rooms.office.take(request_photos)
    assert (again.existed, again.state) == (True, "cancelled")
    assert f"pairmill retry {run}" in again.notes[0]
    assert active_runs(stores.objects) == []


def test_a_submission_that_was_cut_off_is_completed_by_the_next(
    rooms: Rooms, stores: Stores, request_photos: SubmitRunRequest
) -> None:
    run = rooms.office.take(request_photos).run
    for key in (f"submitted/{run}.json", f"runs/{run}/places.json"):
        stores.objects.delete(key)
    again = rooms.office.take(request_photos)
    assert (again.run, again.existed) == (run, False)
    assert load_run(stores.objects, run)[1].source == PHOTOS


def test_the_root_of_a_single_corpus_is_refused(
    rooms: Rooms, root: Path, request_photos: SubmitRunRequest
) -> None:
    (root / "pairmill.json").write_text('{"format": 1, "corpus": "x", "manifest": "y"}')
    before = files_of(root)
    with pytest.raises(RootError, match="a root of its own"):
        rooms.office.take(request_photos)
    assert files_of(root) == before


def test_the_root_of_a_cluster_is_refused_by_an_embedded_run(
    rooms: Rooms, root: Path, buckets: Path, request_photos: SubmitRunRequest
) -> None:
    from pairmill.config import RunConfig
    from pairmill.settings import Settings
    from services.standalone.submit import Submission, submit

    rooms.office.take(request_photos)
    asked = Submission(corpus=str(buckets / "own/photos"), out=root, config=RunConfig())
    with pytest.raises(RootError, match="root of a cluster"):
        submit(asked, Settings())


def test_a_source_that_takes_too_long_to_list_is_given_up(
    rooms: Rooms, buckets: Path, root: Path, request_photos: SubmitRunRequest
) -> None:
    seconds = iter(range(100))
    slow = Office(objects=rooms.office.objects, open_source=opener(buckets),
                  encoder_id=rooms.office.encoder_id,
                  deadline=Deadline(3, lambda: float(next(seconds))))  # fmt: skip
    with pytest.raises(FaultyRequestError, match=r"took longer than 3 s.*tars"):
        slow.take(request_photos)
    assert files_of(root) == {}


LIGHT = """
import sys
from pathlib import Path
from pairmill.pb.runs_pb2 import SubmitRunRequest
from pairmill.settings import Settings
from pairmill.wiring import Stores
import services.gateway.__main__
from services.gateway.rooms import Rooms
root, photos = map(Path, sys.argv[1:])
rooms = Rooms(Stores(Settings(root=root)), lambda _: Stores.folder(photos))
print(rooms.office.take(SubmitRunRequest(corpus="s3://own/photos")).run)
heavy = {"torch", "torchvision", "timm", "transformers", "safetensors"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""


def test_submitting_loads_no_model_library(root: Path, buckets: Path) -> None:
    command = [sys.executable, "-c", LIGHT, str(root), str(buckets / "own/photos")]
    repository = Path(__file__).resolve().parents[3]
    path = f"{repository / 'shared'}:{repository}"
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={"PYTHONPATH": path, "PATH": ""})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("laptop-")
