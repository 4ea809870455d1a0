"""Validation against a brute force over a small gallery."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pairmill.core.records import Triplet
from pairmill.models.examples import Features, TrainingData, caption_rows, triplet_rows
from pairmill.models.heads import Heads, HeadsShape
from pairmill.models.model import HeadsModel
from pairmill.models.validation import NOBODY, Scores, admissible, recall_at_1, score
from pairmill.models.validation import validate as validate_model

NUM, IMAGE, TEXT, DIM = 30, 10, 8, 4


def data(seed: int) -> TrainingData:
    rng = np.random.default_rng(seed)
    images = {f"i{n}": n for n in range(NUM)}
    texts = {f"t{n}": n for n in range(NUM)}
    gallery = rng.permutation(NUM)[:20]
    triplets = []
    for number in range(15):
        query, target = rng.choice(gallery, 2, replace=False)
        triplets.append(
            Triplet(
                pair_id=f"p{number}",
                query_id=f"i{query}",
                target_id=f"i{target}",
                relations=(),
                instructions=(f"t{number}",),
                negatives=(f"i{query}",),
                author="",
            )
        )
    captions = {f"i{n}": [f"t{n}"] for n in gallery[:10]} | {f"i{gallery[11]}": [f"t{gallery[0]}"]}
    return TrainingData(
        features=Features(
            images_NF=rng.normal(size=(NUM, IMAGE)).astype(np.float32),
            texts_MT=rng.normal(size=(NUM, TEXT)).astype(np.float32),
        ),
        train=triplet_rows([], images, texts),
        validation=triplet_rows(triplets, images, texts),
        captions=caption_rows({}, images, texts),
        validation_captions=caption_rows(captions, images, texts),
        gallery=gallery.astype(np.int64),
    )


def heads() -> Heads:
    torch.manual_seed(0)
    return Heads(HeadsShape(image_dim=IMAGE, text_dim=TEXT, dim=DIM, num_hidden=3))


def validate(model: Heads, found: TrainingData) -> Scores:
    return validate_model(HeadsModel(model, found.features), found)


def test_recall_is_that_of_a_plain_loop() -> None:
    found, model = data(0), heads()
    with torch.no_grad():
        images = model.images(torch.from_numpy(found.features.images_NF)).numpy()
        texts = model.texts(torch.from_numpy(found.features.texts_MT)).numpy()

    def right(query: np.ndarray, target: int, removed: int) -> bool:
        def cosine(row: int) -> float:
            product = float(query @ images[row])
            return product / float(np.linalg.norm(query) * np.linalg.norm(images[row]))

        others = [int(r) for r in found.gallery if r not in (target, removed)]
        return all(cosine(target) > cosine(row) for row in others)

    asked = found.validation
    kinds = {"composed": (1, 1), "image_only": (1, 0), "text_only": (0, 1)}
    scores = validate(model, found)
    for name, (with_image, with_text) in kinds.items():
        hits = [
            right(with_image * images[q] + with_text * texts[row[0]], int(t), int(q))
            for q, t, row in zip(
                asked.queries_P, asked.targets_P, asked.instructions_PI, strict=True
            )
        ]
        assert scores[name] == sum(hits) / len(hits)
    alone = list(found.gallery[1:10])  # two images share the first caption
    hits = [right(texts[n], int(n), NOBODY) for n in alone]
    assert scores["text_to_image"] == sum(hits) / len(hits)


def test_a_tie_counts_as_a_miss() -> None:
    gallery = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    nobody = np.array([NOBODY, NOBODY])
    assert recall_at_1(queries, gallery, np.array([0, 2]), nobody) == 0.5


def test_the_query_image_is_no_answer() -> None:
    gallery = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    query = torch.tensor([[1.0, 0.0]])
    assert recall_at_1(query, gallery, np.array([1]), np.array([NOBODY])) == 0.0
    assert recall_at_1(query, gallery, np.array([1]), np.array([0])) == 1.0


def test_without_held_out_images_there_is_nothing_to_say() -> None:
    found = data(0)
    object.__setattr__(found, "gallery", np.zeros(0, np.int64))
    assert validate(heads(), found) == {}


def embedded(model: Heads, found: TrainingData) -> tuple[np.ndarray, np.ndarray]:
    with torch.no_grad():
        images = model.images(torch.from_numpy(found.features.images_NF)).numpy()
        return images, model.texts(torch.from_numpy(found.features.texts_MT)).numpy()


def cosine(one: np.ndarray, two: np.ndarray) -> float:
    return float(one @ two) / float(np.linalg.norm(one) * np.linalg.norm(two))


def test_an_image_alone_is_right_with_any_image_it_is_paired_with() -> None:
    for seed in range(5):
        found, model = data(seed), heads()
        images, _ = embedded(model, found)
        asked = found.validation
        pairs = {*zip(asked.queries_P, asked.targets_P, strict=True)}
        pairs |= {(two, one) for one, two in pairs}
        asking = {one for one, _ in pairs}
        hits = []
        for row in asking:
            others = [int(r) for r in found.gallery if r != row]
            nearest = max(others, key=lambda r: cosine(images[row], images[r]))
            hits.append((row, nearest) in pairs)
        assert validate(model, found)["image_to_image"] == sum(hits) / len(hits)


def test_edits_are_sought_among_the_gallery_and_the_edits_of_its_images() -> None:
    for seed in range(5):
        found, model = data(seed), heads()
        outside = sorted(set(range(NUM)) - set(found.gallery.tolist()))
        edits = [
            Triplet(
                pair_id=f"e{n}", query_id=f"i{query}", target_id=f"i{outside[n]}",
                relations=("edit",), instructions=(f"t{n}",), negatives=(f"i{query}",), author="",
            )
            for n, query in enumerate(found.gallery[:8])
        ]  # fmt: skip
        names = {f"i{n}": n for n in range(NUM)}, {f"t{n}": n for n in range(NUM)}
        among = np.array([*outside, int(found.gallery[0])])  # one edit equals an image
        found = replace(found, validation_edits=triplet_rows(edits, *names), edit_gallery=among)
        images, texts = embedded(model, found)
        hits = []
        for n, query in enumerate(found.gallery[:8]):
            asked = images[query] + texts[n]
            others = {*found.gallery.tolist(), *outside} - {query, outside[n]}
            best = cosine(asked, images[outside[n]])
            hits.append(all(best > cosine(asked, images[row]) for row in others))
        assert validate(model, found)["edits"] == sum(hits) / len(hits)


def test_the_score_is_the_mean_of_the_kinds_that_decide() -> None:
    row = {"composed": 0.4, "text_to_image": 0.2, "image_only": 0.9, "step": 3, "phase": "compose"}
    assert score(row) == pytest.approx(0.3)
    assert score({**row, "edits": 0.9, "image_to_image": 0.1}) == pytest.approx(0.4)
    assert score({"image_only": 0.9}) == 0.0


def test_a_gain_in_composing_does_not_hide_a_loss_of_plain_search() -> None:
    untrained = {"composed": 0.3, "text_to_image": 0.5, "image_to_image": 0.6}
    assert score({"composed": 0.6, "text_to_image": 0.2, "image_to_image": 0.5}) < score(untrained)


def test_images_that_find_less_of_their_like_are_not_admissible() -> None:
    untrained = {"image_to_image": 0.5}
    assert admissible({"image_to_image": 0.46}, untrained, 0.05)
    assert not admissible({"image_to_image": 0.44}, untrained, 0.05)
    assert admissible({"composed": 0.1}, {"composed": 0.5}, 0.0)
