"""caption on made-up images and a scripted model: images pass, no caption is lost unnamed."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pairmill.adapters.captioner.llm import ChatCaptioner
from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import CaptioningConfig, RunConfig
from pairmill.config.chat import ChatConfig
from pairmill.core.captions import MachineCaption
from pairmill.core.errors import RejectError
from pairmill.core.ids import image_id
from pairmill.core.records import Caption, ImageRecord, Reject
from pairmill.core.synthesis import RawAnswer
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.chat import Ask
from services.describer.captioning import caption
from tests.pairmill.adapters.chat.scripted_chat import ScriptedChat
from tests.pairmill.adapters.chat.writing_model import pictures_of

CONFIG = RunConfig(captioning=CaptioningConfig(captioner="llm", chat=ChatConfig(model="seer/1")))
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "black": (0, 0, 0)}


def say(ask: Ask) -> str | RejectError:
    """Name the colour of a picture; green is refused, and of blue nothing sensible is said."""
    (shown,) = pictures_of(ask)
    with Image.open(io.BytesIO(shown.data)) as picture:
        pixel = picture.convert("RGB").getpixel((5, 5))
    assert isinstance(pixel, tuple)
    far = {
        n: sum(abs(a - b) for a, b in zip(pixel, rgb, strict=True)) for n, rgb in COLOURS.items()
    }
    name = min(far, key=lambda n: far[n])
    if name == "green":
        return RejectError("refused_by_server", "a filter")
    return "Blue!" if name == "blue" else json.dumps({"caption": f"{name} field, plain"})


class World:
    """Images that dedupe left, and what the stage made of them."""

    def __init__(self, root: Path) -> None:
        self.objects = FolderObjects(root)
        self.records = list[ImageRecord]()
        self.chat = ScriptedChat(say)

    def add(self, colour: str, said: str = "", *, data: bytes = b"") -> ImageRecord:
        """Add an image; `data` are its stored bytes where they are not those of the colour."""
        sink = io.BytesIO()
        Image.new("RGB", (20, 20 + len(self.records)), colour).save(sink, "PNG")
        data = data or sink.getvalue()
        found = ImageRecord(
            image_id=image_id(sink.getvalue()), keys=(colour,), format="png",
            captions=(Caption(kind="sidecar", text=said),) if said else (),
            store=f"images/{len(self.records)}", length=len(data),
        )  # fmt: skip
        self.objects.put(found.store, data)
        self.records.append(found)
        return found

    def run(self) -> tuple[Counts, Output]:
        """Run the stage on the shard `s`."""
        graph = Graph(RunSpec(name="r", corpus="c", config=CONFIG, encoder_id="e"))
        before = Output(self.objects, "corpora/c", stage("dedupe"), "all")
        before.table("images", ImageRecord, self.records, shard="s")
        before.table("images", ImageRecord, [replace(r, captions=()) for r in self.records[:1]],
                     shard="another")  # fmt: skip
        commit = Commit(node="dedupe", shard="all", inputs="", files=before.files,
                        counts=Counts(inputs=0, outputs=0))  # fmt: skip
        shard = Shard(name="s", node="caption", graph=graph, home="corpora/c",
                      commits={"dedupe": (commit,)}, own=frozenset({"dedupe"}))  # fmt: skip
        out = Output(self.objects, "corpora/c", stage("caption"), "s")
        images = Images(self.objects, self.objects)
        asker = Asker(self.chat, self.objects)
        captioner = ChatCaptioner(asker, images.read, CONFIG.captioning, 0)
        return caption(shard, out, images, captioner, Silent()), out

    def read(self, out: Output, data_set: str, kind: type) -> list:  # type: ignore[type-arg]
        files = [file for file in out.files if file.data_set == data_set]
        return list(read_records(self.objects, files, kind))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_only_images_without_a_caption_are_asked_about(world: World) -> None:
    red = world.add("red")
    world.add("black", "my own")
    blank = world.add("black", "  ")
    counts, out = world.run()
    assert counts == Counts(inputs=3, outputs=3)
    made = world.read(out, "captions", MachineCaption)
    assert [(m.image_id, m.text) for m in made] == [
        (red.image_id, "red field, plain"), (blank.image_id, "black field, plain")
    ]  # fmt: skip
    assert len(world.chat.asked) == 2


def test_a_caption_that_did_not_come_is_rejected_by_rule_and_its_image_stays(world: World) -> None:
    lost = {
        world.add("green").image_id: "refused_by_server",
        world.add("blue").image_id: "bad_answer",
        world.add("red", data=b"no image").image_id: "undecodable",
    }
    world.add("red")
    counts, out = world.run()
    assert counts == Counts(inputs=4, outputs=4, parts=dict.fromkeys(lost.values(), 1))
    rejects = world.read(out, "rejects/caption", Reject)
    assert {r.record_id: r.rule for r in rejects} == lost
    assert {r.unit for r in rejects} == {"caption"}
    assert len(world.read(out, "captions", MachineCaption)) == 1


def test_answers_are_kept_as_they_came_and_nothing_is_asked_twice(world: World) -> None:
    for colour in ("blue", "red", "black"):
        world.add(colour)
    _, out = world.run()
    raw = world.read(out, "answers/caption", RawAnswer)
    assert {answer.stage for answer in raw} == {"caption"}
    assert {answer.text for answer in raw if not answer.parsed_ok} == {"Blue!"}
    asked = len(world.chat.asked)
    again = world.run()[1]
    assert len(world.chat.asked) == asked
    assert again.files == out.files


def test_a_shard_that_wants_no_caption_asks_nothing_and_still_gives_its_table(world: World) -> None:
    world.add("red", "my own")
    counts, out = world.run()
    assert (counts.inputs, counts.outputs) == (1, 1)
    assert [file.data_set for file in out.files] == ["captions"]
    assert not world.chat.asked
