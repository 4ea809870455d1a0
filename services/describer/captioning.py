"""Ask for captions of the images that nobody captioned: images → captions. Knows records; knows no
captioner's inside.

A stage of runs with `captioner: llm` alone. Captions belong to the corpus; an image without one
stays, and `embed` then has no caption of it.
"""

from pairmill.core.captions import MachineCaption, needs_caption
from pairmill.core.costing import count_answers
from pairmill.core.errors import RejectError
from pairmill.core.synthesis import RawAnswer
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import Images
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress, follow
from pairmill.pipeline.shard import Shard
from pairmill.ports.captioner import Captioner

ANSWERS = "answers/caption"
"""What the model answered, as it came."""


def caption(
    shard: Shard, out: Output, images: Images, captioner: Captioner, progress: Progress
) -> Counts:
    """Say what every image of the shard shows that came without a caption.

    Every image passes; what is left out is a caption, with the captioner's rule.
    """
    records = images.records(shard.files("dedupe", "images"))
    bare = [record for record in records if needs_caption(record)]
    progress.advance(len(records) - len(bare))
    found: dict[str, MachineCaption | RejectError] = {}
    for image, outcome in follow(captioner.each(bare), progress):
        found[image.image_id] = outcome
    made: list[MachineCaption] = []
    for image in bare:
        outcome = found[image.image_id]
        if isinstance(outcome, MachineCaption):
            made.append(outcome)
        else:
            out.reject(image.image_id, outcome.rule, outcome.value, keys=(image.image_id,),
                       unit="caption")  # fmt: skip
    out.table("captions", MachineCaption, made)
    if raw := captioner.take_raw():
        out.table(ANSWERS, RawAnswer, raw)
        out.facts["answers"] = count_answers(raw)
    return out.close(inputs=len(records), outputs=len(records))
