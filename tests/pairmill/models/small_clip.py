"""A CLIP of open_clip so small that it trains in a test, and pictures of shapes that teach it."""

import io
from collections.abc import Sequence

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from pairmill.models.examples import Features, Rows, TrainingData, caption_rows, triplet_rows
from pairmill.models.tower_fit import Fit
from pairmill.models.tower_parts import Colours, ImagePart, JointTower, TextPart
from pairmill.models.whole import WholeModel
from pairmill.models.whole_checkpoint import save_whole
from tests.pairmill.models.toys import IMAGES, NAMES, NUM_COLOURS, NUM_SHAPES, TEXTS, triplets

SIDE, CONTEXT, VOCABULARY, DIM = 16, 6, 32, 16
COLOURS = np.array([[230, 30, 30], [30, 230, 30], [30, 30, 230], [220, 220, 30]], np.uint8)


def tokenise(texts: Sequence[str]) -> Tensor:
    """Begin, one token a text of the toy corpus, end, padding; the end is the largest id."""
    tokens = torch.zeros(len(texts), CONTEXT, dtype=torch.int64)
    for row, text in enumerate(texts):
        tokens[row, :3] = torch.tensor([1, 2 + TEXTS[text], VOCABULARY - 1])
    return tokens


def small_clip(seed: int = 0, *, dropout: float = 0.0) -> JointTower:
    """Return a tower of random weights, equal for equal seeds."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = open_clip.CLIP(
            embed_dim=DIM,
            vision_cfg={"image_size": SIDE, "patch_size": 8, "width": 32, "layers": 2,
                        "head_width": 16, "patch_dropout": dropout},
            text_cfg={"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 32,
                      "heads": 2, "layers": 2},
        )  # fmt: skip
    colours = Colours(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    image = ImagePart(module=model, fit=Fit(side=SIDE), dim=DIM,
                      encode=lambda pixels: model.encode_image(colours(pixels)))  # fmt: skip
    text = TextPart(module=model, dim=DIM, tokenise=tokenise, encode=model.encode_text)
    return JointTower(module=model, image=image, text=text)


def clip_that_reads(words: Sequence[str], seed: int = 0) -> JointTower:
    """Return a tower that reads which of the words a text has, and nothing else."""
    found = small_clip(seed)

    def tokenise_words(texts: Sequence[str]) -> Tensor:
        tokens = torch.zeros(len(texts), CONTEXT, dtype=torch.int64)
        for row, text in enumerate(texts):
            word = [word in text for word in words].index(True)
            tokens[row, :3] = torch.tensor([1, 2 + word, VOCABULARY - 1])
        return tokens

    object.__setattr__(found.text, "tokenise", tokenise_words)
    return found


def pictures() -> NDArray[np.uint8]:
    """Every image of the toy corpus: a shape of 16 bits in one of four colours."""
    rng = np.random.default_rng(3)
    shapes = rng.random((NUM_SHAPES, 4, 4)) < 0.5
    found = np.full((len(NAMES), SIDE, SIDE, 3), 255, np.uint8)
    for name, row in IMAGES.items():
        shape, colour = map(int, name.split("/"))
        found[row][np.kron(shapes[shape], np.ones((4, 4), bool))] = COLOURS[colour % NUM_COLOURS]
    return found


PICTURES = pictures()


def pixels(rows: Rows) -> NDArray[np.uint8]:
    return PICTURES[rows]


def picture_file(row: int) -> bytes:
    """Return a picture as a PNG."""
    file = io.BytesIO()
    Image.fromarray(PICTURES[row]).save(file, "PNG")
    return file.getvalue()


def identity_head(num_image: int, num_text: int) -> dict[str, NDArray[np.float32]]:
    """As an encoder of several models gives it: the joint one's features are the first of both."""
    return {
        "mean": np.zeros(num_image, np.float32),
        "std": np.full(num_image, 100, np.float32),
        "image.linear.weight": np.eye(DIM, num_image, dtype=np.float32) * 100,
        "image.linear.bias": np.zeros(DIM, np.float32),
        "text.linear.weight": np.eye(DIM, num_text, dtype=np.float32),
        "text.linear.bias": np.zeros(DIM, np.float32),
    }


def trained_checkpoint(encoder_id: str, seed: int = 7) -> dict[str, bytes]:
    """Return the files of a checkpoint whose tower is `small_clip(seed)`."""
    head = identity_head(DIM + 3, DIM + 2)
    return save_whole(small_clip(seed), head, 0.07, {"encoder_id": encoder_id})


@torch.no_grad()
def seen_by(tower: JointTower, rows: Sequence[int]) -> NDArray[np.float32]:
    """Return the unit vectors of pictures, in one forward pass."""
    out = tower.image.encode(torch.from_numpy(PICTURES[list(rows)]))
    found: NDArray[np.float32] = torch.nn.functional.normalize(out, dim=1).numpy()
    return found


def whole_model(seed: int = 0, *, dropout: float = 0.0) -> WholeModel:
    return WholeModel(small_clip(seed, dropout=dropout), pixels, list(TEXTS))


def whole_data() -> TrainingData:
    """The toy corpus without features: its images are pixels."""
    held = [row for name, row in IMAGES.items() if int(name.split("/")[0]) >= 18]
    captions = {name: [f"make it {name[-1]}0"] for name in NAMES if int(name.split("/")[0]) < 18}
    none = np.zeros((0, 0), np.float32)
    return TrainingData(
        features=Features(images_NF=none, texts_MT=none),
        train=triplet_rows(triplets(range(18)), IMAGES, TEXTS),
        validation=triplet_rows(triplets(range(18, 24)), IMAGES, TEXTS),
        captions=caption_rows(captions, IMAGES, TEXTS),
        validation_captions=caption_rows({}, IMAGES, TEXTS),
        gallery=np.array(held, np.int64),
    )
