"""The text tower with its published weights, against transformers' BertModel one text at a time."""

import warnings

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from pairmill.adapters.encoder.weights import TEXT, TOKENIZER
from pairmill.models.tower_lanes import Lanes
from pairmill.models.tower_text import CHUNK, TextTower
from pairmill.models.towers import MAX_TOKENS, TEXT_DIM

torch.set_num_threads(1)
TEXTS = [
    "the same emoji as a flat drawing",
    "a red dress",
    "",
    "woman with medium dark skin, 3D render, waving at somebody far away on a hill",
    "éclair à la crème 日本 🙂",
    "word " * 300,
]


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    found: dict[str, Tensor] = load_file(TEXT.find())
    return found


@pytest.fixture(scope="module")
def tower(state: dict[str, Tensor]) -> TextTower:
    return TextTower(TOKENIZER.find(), state, Lanes(1))


def embedded_plainly(texts: list[str]) -> NDArray[np.float32]:
    """Embed each text alone by transformers, as the model card of all-MiniLM-L6-v2 says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an oracle, not of Pairmill
        from transformers import AutoTokenizer, BertModel

        folder = TEXT.find().parent
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = BertModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
    rows = []
    with torch.no_grad():
        for text in texts:
            ids = tokenizer(text, truncation=True, max_length=MAX_TOKENS)["input_ids"]
            hidden = model.eval()(input_ids=torch.tensor([ids])).last_hidden_state
            mean = hidden[0].mean(0)
            rows.append((mean / mean.norm()).numpy())
    return np.stack(rows)


def test_embeddings_are_those_of_the_published_model(tower: TextTower) -> None:
    np.testing.assert_allclose(tower(TEXTS).numpy(), embedded_plainly(TEXTS), atol=2e-6)


def test_texts_come_back_in_order_though_sorted_by_length(tower: TextTower) -> None:
    texts = [f"{'very ' * (number % 11)}{number}" for number in range(2 * CHUNK + 3)]
    alone = torch.cat([tower([text]) for text in texts])
    torch.testing.assert_close(tower(texts), alone, atol=1e-5, rtol=0)


def test_equal_calls_give_equal_bytes_on_any_number_of_threads(
    tower: TextTower, state: dict[str, Tensor]
) -> None:
    texts = TEXTS * 15
    once = tower(texts)
    assert torch.equal(once, tower(texts))
    assert torch.equal(once, TextTower(TOKENIZER.find(), state, Lanes(3))(texts))


def test_norms_are_one_and_no_texts_give_no_embeddings(tower: TextTower) -> None:
    torch.testing.assert_close(tower(TEXTS).norm(dim=1), torch.ones(len(TEXTS)))
    assert tower([]).shape == (0, TEXT_DIM)


def test_a_text_of_any_length_is_cut(tower: TextTower) -> None:
    long = tower(["word " * 20_000, "x" * 100_000])
    torch.testing.assert_close(long[0], tower(["word " * 200])[0], atol=1e-5, rtol=0)
    assert torch.isfinite(long).all()


def test_a_paraphrase_is_nearer_than_another_matter(tower: TextTower) -> None:
    query, paraphrase, other = tower(
        ["a picture of a crimson gown", "a photo of a red dress", "how to sort a list"]
    )
    assert query @ paraphrase > 0.6 > 0.2 > query @ other
