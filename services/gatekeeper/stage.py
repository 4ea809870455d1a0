"""Leave out what must not be learnt from: triplets → triplets. Knows records, gates and ports;
knows no rule and no model.

gate: written triplets and texts, descriptions, features and captions → triplets, texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pairmill.core.gating.census import count_texts
from pairmill.core.gating.findings import Gate
from pairmill.core.gating.judging import NEGATIVES
from pairmill.core.gating.sieve import Sifted, begin, let_by, sift
from pairmill.core.gating.tally import tally_texts
from pairmill.core.records import Triplet
from pairmill.core.synthesis import PairText, RawAnswer
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.gating import rank_gates, shown_to_writers, text_gates
from pairmill.pipeline.images import Images, load_catalog
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard
from pairmill.ports.judge import Album, Scales
from services.gatekeeper.judging import Judged, judge_all
from services.gatekeeper.reading import Stack, read_captions, read_stack
from services.gatekeeper.searching import Search
from services.gatekeeper.settling import settle

JUDGED = "answers/judge"
"""What a judging model answered, as it came; not there where none is asked."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What one task works with."""

    shard: Shard
    images: Images
    scales: Scales
    progress: Progress

    @property
    def search(self) -> Search:
        """Searches images by texts."""
        captions = read_captions(self.shard, self.images.objects)
        return Search(shard=self.shard, objects=self.images.objects, encoder=self.scales.encoder,
                      captions=captions, progress=self.progress)  # fmt: skip


def gate(shard: Shard, out: Output, images: Images, scales: Scales, progress: Progress) -> Counts:
    """Pass everything that was written in a shard through the gates that its run asks for.

    A pair of which too few instructions are kept is a reject; so is each instruction and each hard
    negative that falls, as units of their own.
    """
    desk = Desk(shard=shard, images=images, scales=scales, progress=progress)
    stack = read_stack(shard, images.objects)
    sifted, gates = _weigh_texts(desk, stack)
    judged = _judge(desk, sifted)
    left = settle(out, stack, judged, shard.config.gating)
    out.table("triplets", Triplet, left.triplets)
    if stack.typed:
        out.table("texts", PairText, left.texts)
    _tell(desk, out, stack, judged, gates)
    if judged.raw:
        out.table(JUDGED, RawAnswer, judged.raw)
    return out.close(inputs=len(stack.sheets), outputs=len(left.triplets))


def _weigh_texts(desk: Desk, stack: Stack) -> tuple[list[Sifted], tuple[Gate, ...]]:
    """Return what the gates over texts leave, and these gates; all, where none is asked for.

    What rules wrote beside a model passes by, unless the gates are for all authors.
    """
    config, own = desk.shard.config, desk.shard.config.instructing
    if not config.weighs_texts or not stack.sheets:
        return [begin(sheet.description, sheet.texts) for sheet in stack.sheets], ()
    sides = [sheet.sides(every=config.gating.authors == "all") for sheet in stack.sheets]
    sifted = [begin(sheet.description, weighed)
              for sheet, (weighed, _) in zip(stack.sheets, sides, strict=True)]  # fmt: skip
    search = desk.search
    shown = shown_to_writers(own.languages, own.pool) if stack.typed else ()
    cheap = text_gates(config.gating, shown, search.captions)
    sifted = [sift(one, cheap) for one in sifted]
    costly: tuple[Gate, ...] = ()
    if config.gating.runs("answerable") or config.gating.runs("aimless"):
        found = search.ask(sifted)
        costly = rank_gates(config.gating, found) if found.places else ()
    sifted = [let_by(sift(one, costly), exempt)
              for one, (_, exempt) in zip(sifted, sides, strict=True)]  # fmt: skip
    return sifted, (*cheap, *costly)


def _judge(desk: Desk, sifted: Sequence[Sifted]) -> Judged:
    config = desk.shard.config.gating
    if config.judging.judge == "none" or not sifted:
        desk.progress.advance(len(sifted))
        return Judged(sifted=sifted)
    catalog = load_catalog(desk.images.objects, desk.shard.files("dedupe", "images"))
    album = Album(records=catalog)
    if config.judging.judge == "encoder":
        pairs = [one.description.pair for one in sifted]
        shown = {image for pair in pairs for image in (pair.target_id, *pair.negatives)}
        album = replace(desk.search.album(shown), records=catalog)
    return judge_all(sifted, desk.scales.open_judge(album), config, desk.progress)


def _tell(desk: Desk, out: Output, stack: Stack, judged: Judged, gates: Sequence[Gate]) -> None:
    """Note what the gates did, where there were any, and what texts are like before and after."""
    config = desk.shard.config
    judging = config.gating.judging.judge != "none"
    out.facts["unreadable"] = stack.num_unread
    out.facts["gates"] = {}
    if config.weighs_texts or judging:
        every = (*gates, *judged.gates)
        tallies = tally_texts((*stack.unread, *judged.sifted), every)
        if judging:
            tallies[NEGATIVES] = judged.tally(config.gating.judging.least)
        out.facts["gates"] = {name: tally.to_plain() for name, tally in tallies.items()}
        written = count_texts(text for sheet in stack.sheets for text in sheet.texts)
        kept = count_texts(each.written for one in judged.sifted for each in one.kept)
        out.facts["census"] = {"written": written.to_parts(), "kept": kept.to_parts()}
