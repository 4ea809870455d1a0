from collections import Counter
from dataclasses import asdict

from services.standalone.sample.benchmark import Query
from services.standalone.sample.families import VALUES, Entry
from services.standalone.sample.looks import differences


def test_targets_differ_from_their_query_in_the_attribute_of_the_task_alone(
    gallery: list[Entry], asked: list[Query]
) -> None:
    looks = {entry.key: entry.look for entry in gallery}
    for query in asked:
        for target in query.targets:
            assert differences(looks[query.query_image], looks[target]) == [query.task]


def test_every_picture_that_fulfils_a_query_is_among_its_targets(
    gallery: list[Entry], asked: list[Query]
) -> None:
    looks = {entry.key: asdict(entry.look) for entry in gallery}
    for query in asked:
        wanted = looks[query.query_image] | {query.task: looks[query.targets[0]][query.task]}
        assert query.targets == sorted(key for key, look in looks.items() if look == wanted)


def test_every_question_that_the_gallery_can_answer_is_asked_once(
    gallery: list[Entry], asked: list[Query]
) -> None:
    steps = [differences(a.look, b.look) for a in gallery for b in gallery]
    answerable = sum(len(step) == 1 and step != ["object"] for step in steps)
    assert sum(len(query.targets) for query in asked) == answerable
    assert len({query.query_id for query in asked}) == len(asked)


def test_each_task_has_queries_and_some_have_several_targets(asked: list[Query]) -> None:
    num_queries = Counter(query.task for query in asked)
    assert set(num_queries) == set(VALUES)
    assert min(num_queries.values()) > 50
    assert any(len(query.targets) > 1 for query in asked)
