"""A run up to what was written, in a folder, and the gatekeeper's stage on it.

Six images, whose features are the words of their captions. The pair asks from a red car for a blue
one; `twin` looks and is called as the target does.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pairmill.adapters.judge.encoder import EncoderJudge
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config import RunConfig, parse_config
from pairmill.core.captions import MachineCaption
from pairmill.core.records import Caption, Description, ImageRecord, Pair, Reject, Triplet
from pairmill.core.synthesis import COMPOSED, PairText, RawAnswer
from pairmill.pipeline.commit import Commit, Counts, parse_commit
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.judge import Album, Judge, OpenJudge, Scales
from services.gatekeeper.stage import gate
from tests.pairmill.adapters.judge.toy_encoder import ToyEncoder, image

PICTURES = {
    "q": ("a red car", image(car=1, red=1)),
    "t": ("a blue car", image(car=1, blue=1)),
    "twin": ("one blue car", image(car=1, blue=1, noise=0.2)),
    "cat": ("a blue cat", image(cat=1, blue=1)),
    "red cat": ("a red cat", image(cat=1, red=1)),
    "blank": ("a plain wall", image(noise=1)),
}
LLM = {"instructor": "llm", "chat": {"model": "seer/1"}}


def described(pair_id: str = "pair") -> Description:
    """Return the description of the pair."""
    pair = Pair(pair_id=pair_id, query_id="q", target_id="t", relations=(),
                negatives=("q", "twin", "cat"))  # fmt: skip
    return Description(pair=pair, shared=("subject: car",), only_query=("colour: red",),
                       only_target=("colour: blue",), text="", author="seer/1")  # fmt: skip


def kind_of(text: str) -> str:
    """Return what a model calls a text; rules say nothing."""
    return "" if text.startswith("rules: ") else "command"


class Bench:
    """What was written of some pairs, and the gate over it."""

    def __init__(
        self, root: Path, written: dict[str, Sequence[str]], *, typed: bool = True
    ) -> None:
        """typed: a model wrote it and said what each text is, but for those that begin with
        "rules: "."""
        self.objects, self.encoder = FolderObjects(root), ToyEncoder()
        self.commits: dict[str, tuple[Commit, ...]] = {}
        self.described = [described(pair_id) for pair_id in written]
        triplets = [
            Triplet(pair_id=one.pair.pair_id, query_id="q", target_id="t", relations=(),
                    instructions=tuple(written[one.pair.pair_id]), negatives=one.pair.negatives,
                    author="seer")
            for one in self.described
        ]  # fmt: skip
        self.triplets = triplets
        texts = [PairText(pair_id=t.pair_id, task=COMPOSED, kind=kind_of(x), language="en", text=x)
                 for t in triplets for x in t.instructions]  # fmt: skip
        self._put("describe", descriptions=(Description, self.described))
        named: dict[str, Any] = {"written/texts": (PairText, texts)} if typed else {}
        self._put("instruct", **{"written/triplets": (Triplet, triplets), **named})
        self._put("dedupe", images=(ImageRecord, [
            ImageRecord(image_id=name, keys=(name,), captions=(Caption(kind="tar", text=said),))
            for name, (said, _) in PICTURES.items()
        ]))  # fmt: skip
        self._embed()

    def answered(self, *raw: RawAnswer) -> None:
        """Lay a model's answers beside what was written."""
        before = self.commits["instruct"][0].files
        self._put("instruct", **{"answers/instruct": (RawAnswer, raw)})
        after = self.commits["instruct"][0]
        self.commits["instruct"] = (
            Commit(node="instruct", shard="p0", inputs="", files=(*before, *after.files),
                   counts=after.counts),
        )  # fmt: skip

    def gate(self, judge: OpenJudge | None = None, **gating: Any) -> tuple[Output, Counts]:
        """Run the stage; `authors` all where nobody said who wrote."""
        config = parse_config({"instructing": LLM, "gating": gating})
        return self.gate_as(config, judge)

    def gate_as(self, config: RunConfig, judge: OpenJudge | None = None) -> tuple[Output, Counts]:
        """Run the stage under a whole configuration."""
        graph = Graph(RunSpec(name="r", corpus="c", config=config, encoder_id="toy"))
        shard = Shard(name="p0", node="gate", graph=graph, home="runs/r", commits=self.commits,
                      own=frozenset({"instruct", "describe"}))  # fmt: skip
        out = Output(self.objects, "runs/r", stage("gate"), "p0")
        encoder: Any = self.encoder

        def by_spaces(album: Album) -> Judge:
            return EncoderJudge(album, encoder, config.gating.judging)

        images = Images(self.objects, self.objects)
        scales = Scales(encoder=encoder, open_judge=judge or by_spaces)
        return out, gate(shard, out, images, scales, Silent())

    def read(self, out: Output, data_set: str, kind: type) -> list[Any]:
        """Return the records of a data set."""
        return list(read_records(self.objects, [f for f in out.files if f.data_set == data_set],
                                 kind))  # fmt: skip

    def rejects(self, out: Output, unit: str) -> list[tuple[str, str]]:
        """Return rule and value of what was left out of a unit."""
        found = self.read(out, "rejects/gate", Reject)
        return [(reject.rule, reject.value) for reject in found if reject.unit == unit]

    def _embed(self) -> None:
        out = Output(self.objects, "corpora/c", stage("embed"), "s0")
        names = list(PICTURES)
        out.vectors("features", names, np.array([PICTURES[name][1] for name in names]))
        told = self.encoder.text_features([PICTURES[name][0] for name in names])
        out.vectors("embeddings/c", names, self.encoder.project("caption", told + 1e-3))
        out.table("captions", MachineCaption, [])
        self._commit("embed", out)

    def _put(self, node: str, **tables: Any) -> None:
        out = Output(self.objects, "runs/r", stage(node), "p0")
        for data_set, (kind, records) in tables.items():
            out.table(data_set, kind, records)
        self._commit(node, out)

    def _commit(self, node: str, out: Output) -> None:
        counts = Counts(inputs=0, outputs=0)
        self.commits[node] = (
            Commit(node=node, shard="p0", inputs="", files=out.files, counts=counts),
        )


def committed(out: Output) -> list[Commit]:
    """Return the stage's commit as a reader finds it."""
    commit = Commit(node="gate", shard="p0", inputs="", files=out.files, facts=out.facts,
                    counts=Counts(inputs=0, outputs=0))  # fmt: skip
    return [parse_commit("gate/p0.json", commit.to_json())]
