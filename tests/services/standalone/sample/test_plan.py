from services.standalone.sample.families import VALUES, Entry, plan
from services.standalone.sample.looks import COLOURS, differences, is_drawable, value
from services.standalone.sample.objects import OBJECTS
from services.standalone.sample.scenes import HELD_OUT_OBJECTS, scenes


def test_another_seed_gives_other_pictures(gallery: list[Entry]) -> None:
    other = {entry.key for entry in plan(8, 400, held_out=True)}
    assert not other & {entry.key for entry in gallery}


def test_no_scene_of_the_gallery_occurs_in_the_corpus(
    corpus: list[Entry], gallery: list[Entry]
) -> None:
    mined = {(entry.look.object, entry.look.colour) for entry in corpus}
    searched = {(entry.look.object, entry.look.colour) for entry in gallery}
    assert not mined & searched
    assert not {thing for thing, _ in mined} & set(HELD_OUT_OBJECTS)
    assert {thing for thing, _ in searched} > set(HELD_OUT_OBJECTS)


def test_every_scene_is_on_one_side_of_the_split() -> None:
    both = scenes(held_out=True) + scenes(held_out=False)
    assert len(both) == len(set(both)) == len(OBJECTS) * len(COLOURS)


def test_every_value_that_can_be_asked_for_is_seen_in_the_corpus(corpus: list[Entry]) -> None:
    for attribute, values in VALUES.items():
        assert {value(entry.look, attribute) for entry in corpus} == set(values)


def test_the_corpus_is_made_of_families(corpus: list[Entry]) -> None:
    looks = list({entry.look for entry in corpus[:300]})
    relatives = [sum(len(differences(look, other)) == 1 for other in looks) for look in looks]
    assert sorted(relatives)[len(looks) // 2] >= 2
    assert relatives.count(0) < 0.1 * len(looks)


def test_every_planned_picture_can_be_read(corpus: list[Entry], gallery: list[Entry]) -> None:
    assert all(is_drawable(entry.look) for entry in corpus + gallery)


def test_keys_say_nothing_that_can_be_asked_for(corpus: list[Entry]) -> None:
    for entry in corpus:
        thing, _, rest = entry.key.rpartition("-")
        assert thing == entry.look.object.replace(" ", "-")
        assert len(rest) == 10
