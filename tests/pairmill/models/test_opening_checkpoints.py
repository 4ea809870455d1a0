"""A checkpoint opens with the towers whose features its head takes: locked ones, or its own."""

from typing import cast

import numpy as np
import pytest
import torch

from pairmill.config import EncoderConfig
from pairmill.core.errors import ConfigError, FormatError
from pairmill.models.opening import Opener
from pairmill.models.retriever import Retriever
from pairmill.models.tower_parts import JointTower
from pairmill.ports.encoder import Encoder
from tests.pairmill.models.small_clip import (
    DIM,
    PICTURES,
    identity_head,
    seen_by,
    small_clip,
    trained_checkpoint,
)
from tests.pairmill.models.toys import TEXTS

ROWS = list(range(0, 90, 7))
WORDS = list(TEXTS)[:11]


class JointEncoder:
    """An encoder of one joint model, whose locked towers nobody may ask."""

    def __init__(self, encoder_id: str = "e") -> None:
        self.encoder_id, self.num_opened = encoder_id, 0

    def joint(self) -> JointTower:
        self.num_opened += 1
        return small_clip()


class Unasked:
    """An encoder whose id nobody may ask, because its files are not here."""


def opener(encoder: object) -> Opener:
    return Opener(cast("Encoder", encoder), EncoderConfig(threads=2))


def checkpoint(files: dict[str, bytes]) -> tuple[bytes, bytes]:
    return files["safetensors"], files["json"]


def test_trained_towers_embed_as_a_direct_forward_pass_does() -> None:
    opened = opener(JointEncoder()).open(checkpoint(trained_checkpoint("e")))
    towers, retriever, direct = opened.towers, opened.retriever, small_clip(seed=7)
    images_NF = towers.image_features(PICTURES[ROWS])
    assert opened.anew
    assert (towers.image_dim, towers.text_dim, retriever.dim) == (DIM, DIM, DIM)
    wanted = seen_by(direct, ROWS)
    np.testing.assert_allclose(retriever.embed_images(images_NF), wanted, atol=1e-5)
    with torch.no_grad():
        words = direct.text.encode(direct.text.tokenise(WORDS))
        both = words + direct.image.encode(torch.from_numpy(PICTURES[ROWS[:11]]))
    found = retriever.embed_queries(images_NF[:11], towers.text_features(WORDS))
    unit = torch.nn.functional.normalize(both, dim=1).numpy()
    np.testing.assert_allclose(found, unit, atol=1e-5)
    assert not np.allclose(wanted, seen_by(small_clip(), ROWS), atol=1e-2)


def test_an_image_gives_the_same_bytes_in_any_batch() -> None:
    towers = opener(JointEncoder()).open(checkpoint(trained_checkpoint("e"))).towers
    together = towers.image_features(PICTURES[ROWS])
    alone = np.concatenate([towers.image_features(PICTURES[[row]]) for row in ROWS])
    assert np.array_equal(together, alone)
    assert towers.image_features(PICTURES[:0]).shape == (0, DIM)


def test_heads_open_with_the_locked_towers_and_no_model() -> None:
    files = Retriever.untrained(identity_head(DIM, DIM), encoder_id="e").save()
    encoder = JointEncoder()
    opened = opener(encoder).open(checkpoint(files))
    assert opened.towers is cast("Encoder", encoder)
    assert not opened.anew
    assert encoder.num_opened == 0
    assert opener(Unasked()).open(checkpoint(files), check=False).retriever.dim == DIM


def test_towers_of_two_checkpoints_and_of_the_encoder_have_ids_of_their_own() -> None:
    opened = [opener(JointEncoder()).open(checkpoint(trained_checkpoint("e", seed)), check=False)
              for seed in (7, 7, 8)]  # fmt: skip
    ids = [each.towers.encoder_id for each in opened]
    assert ids[0] == ids[1] != ids[2]
    assert "e" not in ids


@pytest.mark.parametrize("check", [True, False])
def test_towers_are_refused_on_another_encoder_whatever_is_known_of_features(check: bool) -> None:
    with pytest.raises(ConfigError, match="runs encoder other"):
        opener(JointEncoder("other")).open(checkpoint(trained_checkpoint("e")), check=check)


def test_a_damaged_checkpoint_of_towers_is_refused() -> None:
    weights, config = checkpoint(trained_checkpoint("e"))
    with pytest.raises(FormatError, match="copy both files anew"):
        opener(JointEncoder()).open((weights[:-1] + b"x", config))
