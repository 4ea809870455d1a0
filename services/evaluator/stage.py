"""Judge a run's retrievers: before training and after it, beside two controls. Knows commits and
figures; knows no head and no pixel.

evaluate: checkpoint, features, images, and a benchmark or the validation triplets → reports.
"""

from typing import Any

from pairmill.core.benchmark import parse_benchmark
from pairmill.core.ids import canonical_json, sha256_hex
from pairmill.models.opening import Opener
from pairmill.models.threads import settle_threads
from pairmill.pipeline.benchmark import read_benchmark
from pairmill.pipeline.commit import Counts
from pairmill.pipeline.images import Pictures
from pairmill.pipeline.output import Output
from pairmill.pipeline.progress import Progress
from pairmill.pipeline.shard import Shard
from services.evaluator.captioned import TASK, caption_case
from services.evaluator.case import Desk, benchmark_case, mined_case
from services.evaluator.contestants import read_contestants
from services.evaluator.judging import Case, evaluate_alone, evaluate_benchmark, fits

BENCHMARK, MINED = "benchmark", "mined, not human"
RULES = {
    "reference_removed": True,
    "ties": "pessimistic: every score within 1e-6 ranks above a target",
    "recall": "1 if any target is among the first k",
    "map_denominator": "min(k, number of targets)",
    "duplicates": "byte copies are one image",
    "query_template": "the instruction as it stands",
    "text_to_image": "human captions that belong to one image of the gallery alone, as they stand",
}
"""What has to stand beside a figure before it can be compared with another."""


def evaluate(
    shard: Shard, out: Output, pictures: Pictures, opener: Opener, progress: Progress
) -> Counts:
    """Write the report of figures; queries that cannot be asked are rejected, and so are images
    that trained towers cannot see any more."""
    desk = Desk(shard, pictures, opener, progress)
    queries = read_benchmark(shard, desk.objects)
    case = benchmark_case(desk, queries) if queries else mined_case(desk)
    for refused in case.questions.refused:
        query = refused.query
        keys = [key for key in (query.query_image, *query.targets) if key]
        out.reject(query.query_id, refused.rule, refused.value, keys=keys)
    for image_id, why in case.pool.lost:
        out.reject(image_id, why.rule, why.value, keys=(image_id,), unit="image")
    asked = {"source": BENCHMARK if queries else MINED, "benchmark": shard.graph.spec.benchmark}
    quality = judge(desk, case) | asked
    out.facts["quality"] = quality
    out.blob("reports", canonical_json({"format": 1, "quality": quality}), "json")
    num_asked = len(case.questions.asked)
    return out.close(inputs=num_asked + len(case.questions.refused), outputs=num_asked)


def judge_benchmark(desk: Desk, data: bytes, name: str) -> tuple[dict[str, Any], Case]:
    """Return the figures of another benchmark, JSONL bytes, on a finished run, and what was asked.

    name: what error messages call the file. Raises CorpusError where it is no benchmark.
    """
    case = benchmark_case(desk, parse_benchmark(data, name))
    return judge(desk, case) | {"source": BENCHMARK, "benchmark": sha256_hex(data)}, case


def judge(desk: Desk, case: Case) -> dict[str, Any]:
    """Return the figures of a case by all contestants, with the rules that they follow."""
    contestants = read_contestants(desk)
    modes = [mode for _, modes in contestants.values() for mode in modes]
    captions = caption_case(desk, case)
    num_captions = 2 * len(captions.questions.asked)
    num_ranked = sum(fits(q, mode) for mode in modes for q in case.questions.asked)
    num_seen = (len(case.pool.ids) + len(case.pool.lost)) * desk.opened.anew
    desk.progress.total(num_seen + num_ranked + num_captions)
    settle_threads(desk.shard.config.encoder.threads)
    ks, spec = desk.shard.config.evaluation.ks, desk.shard.graph.spec
    quality = evaluate_benchmark(case, contestants, ks, desk.progress)
    of_captions = evaluate_alone(captions, contestants, TASK, ks, desk.progress)
    for name, figures in of_captions.items():
        quality[name] = quality.get(name, {}) | figures
    place = {"gallery": spec.gallery or spec.corpus, "gallery_size": case.pool.num_searched}
    return quality | {"protocol": RULES | place}
