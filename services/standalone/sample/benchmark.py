"""Ask for what the gallery holds. Knows looks and words; knows no drawing or files."""

from collections import defaultdict
from dataclasses import dataclass

from services.standalone.sample.families import VALUES, Entry, with_value
from services.standalone.sample.instructions import TASKS, instruction
from services.standalone.sample.looks import Look, value
from services.standalone.sample.seeds import generator


@dataclass(frozen=True, kw_only=True)
class Query:
    """A picture, a wish, and every picture of the gallery that fulfils it."""

    query_id: str
    query_image: str
    instruction: str
    targets: list[str]
    task: str


def queries(gallery: list[Entry], seed: int) -> list[Query]:
    """Every question that the gallery can answer by changing one attribute of a picture of it."""
    keys: dict[Look, list[str]] = defaultdict(list)
    for entry in gallery:
        keys[entry.look].append(entry.key)
    asked = [
        (task, entry.key, target)
        for task in TASKS
        for entry in sorted(gallery, key=lambda entry: entry.key)
        for new in VALUES[task]
        if (target := with_value(entry.look, task, new)) in keys and target != entry.look
    ]
    return [
        Query(
            query_id=f"{task}-{i:05d}",
            query_image=key,
            instruction=instruction(task, look, generator(seed, key, task, value(look, task))),
            targets=sorted(keys[look]),
            task=task,
        )
        for i, (task, key, look) in enumerate(asked)
    ]
