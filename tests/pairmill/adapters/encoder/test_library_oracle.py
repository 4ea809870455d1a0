"""What our adapters make of an image or a text is what the model's own library makes of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from pairmill.adapters.encoder import open_clip, transformers
from pairmill.adapters.encoder.compound import CompoundEncoder
from pairmill.config import EncoderConfig
from pairmill.core.vectors import unit_rows
from pairmill.models.retriever import Retriever
from tests.pairmill.adapters.encoder.small_models import small_open_clip, spoil_config

torch.set_num_threads(1)

SIZES = [(32, 32), (50, 80), (80, 50), (33, 91), (230, 31), (29, 200), (64, 63)]
TEXTS = ["a red shoe", "two cats on the same star", "", "dog " * 40, "unknown words only"]
Floats = NDArray[np.float32]


def images() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [
        Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))
        for width, height in SIZES
    ]


def seen(encoder: CompoundEncoder) -> Floats:
    return encoder.image_features(np.stack([encoder.prepare(image) for image in images()]))


def close(got: Floats, wanted: torch.Tensor) -> None:
    np.testing.assert_allclose(got, wanted.detach().numpy(), atol=2e-5)


def encoder_of(name: str, models: dict[str, Path], **kinds: str) -> CompoundEncoder:
    given = {part: {"path": str(models[kind])} for part, kind in kinds.items()}
    config = EncoderConfig.model_validate({"name": name, **given})
    if name == "open_clip":
        return open_clip.open_encoder(config)
    return transformers.open_encoder(config)


@pytest.mark.parametrize("resize_mode", ["shortest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_open_clip_gives_its_own_features(
    tmp_path: Path, resize_mode: str, interpolation: str
) -> None:
    import open_clip as library

    folder = small_open_clip(tmp_path)
    says = {"size": 32, "mean": [0.5, 0.4, 0.3], "std": [0.3, 0.2, 0.25],
            "resize_mode": resize_mode, "interpolation": interpolation}  # fmt: skip
    spoil_config(folder, "open_clip_config.json", preprocess_cfg=says)
    encoder = encoder_of("open_clip", {"clip": folder}, joint="clip")
    model, _, prepare = library.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    tokenizer = library.get_tokenizer(f"local-dir:{folder}")
    close(seen(encoder), model.encode_image(torch.stack([prepare(image) for image in images()])))
    close(encoder.text_features(TEXTS), model.encode_text(tokenizer(TEXTS)))


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_transformers_joint_models_give_their_own_features(
    models: dict[str, Path], kind: str
) -> None:
    import transformers as library

    encoder = encoder_of("transformers", models, joint=kind)
    model = library.AutoModel.from_pretrained(models[kind]).eval()
    prepare = library.AutoImageProcessor.from_pretrained(models[kind], backend="pil")
    tokenizer = library.AutoTokenizer.from_pretrained(models[kind])
    pixels = torch.cat([prepare(image, return_tensors="pt")["pixel_values"] for image in images()])
    close(seen(encoder), model.get_image_features(pixel_values=pixels).pooler_output)
    ids = tokenizer(TEXTS, padding="max_length", max_length=16, truncation=True,
                    return_tensors="pt")["input_ids"]  # fmt: skip
    close(encoder.text_features(TEXTS), model.get_text_features(input_ids=ids).pooler_output)


def test_the_pattern_is_the_vision_transformers_class_token(models: dict[str, Path]) -> None:
    import transformers as library

    encoder = encoder_of("transformers", models, joint="clip", pattern="dino")
    model = library.AutoModel.from_pretrained(models["dino"]).eval()
    prepare = library.AutoImageProcessor.from_pretrained(models["dino"], backend="pil")
    pixels = torch.cat([prepare(image, return_tensors="pt")["pixel_values"] for image in images()])
    wanted = model(pixel_values=pixels).pooler_output
    close(seen(encoder)[:, 32:], wanted)
    got = encoder.project("visual_pattern", seen(encoder))
    close(got, torch.nn.functional.normalize(wanted, dim=1))


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_sentence_encoder_pools_every_text_alone(models: dict[str, Path], pooling: str) -> None:
    import transformers as library

    given = {"path": str(models["bert"]), "pooling": pooling}
    encoder = transformers.open_encoder(
        EncoderConfig.model_validate(
            {"name": "transformers", "joint": {"path": str(models["clip"])}, "text": given}
        )
    )
    model = library.AutoModel.from_pretrained(models["bert"]).eval()
    tokenizer = library.AutoTokenizer.from_pretrained(models["bert"])
    rows = []
    for text in TEXTS:  # alone, so that nothing is padded: the plain mean is the oracle
        ids = tokenizer(text, truncation=True, max_length=24, return_tensors="pt")["input_ids"]
        hidden = model(input_ids=ids).last_hidden_state[0]
        rows.append(hidden.mean(0) if pooling == "mean" else hidden[0])
    features = encoder.text_features(TEXTS)
    close(features[:, 32:], torch.stack(rows))
    close(encoder.project("caption", features),
          torch.nn.functional.normalize(torch.stack(rows), dim=1))  # fmt: skip


@pytest.mark.parametrize("kinds", [{"joint": "open_clip"}, {"joint": "clip", "pattern": "dino",
                                                            "text": "bert"}])  # fmt: skip
def test_the_untrained_retriever_is_the_published_model(
    models: dict[str, Path], kinds: dict[str, str]
) -> None:
    name = "open_clip" if kinds["joint"] == "open_clip" else "transformers"
    encoder = encoder_of(name, models, **kinds)
    retriever = Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id)
    texts, pictures = encoder.text_features(TEXTS), seen(encoder)[: len(TEXTS)]
    pictures[:, 5] = 33  # a dimension that stands out, as published models have them
    wanted = unit_rows(pictures[:, :32] + texts[:, :32])
    np.testing.assert_allclose(retriever.embed_queries(pictures, texts), wanted, atol=1e-6)
    np.testing.assert_allclose(retriever.embed_images(pictures),
                               encoder.project("visual_semantic", pictures), atol=1e-6)  # fmt: skip


def test_a_tower_to_train_computes_what_the_encoder_does(models: dict[str, Path]) -> None:
    encoder = encoder_of("open_clip", models, joint="open_clip")
    before, tower = encoder.text_features(TEXTS), encoder.joint()
    pixels = torch.from_numpy(np.stack([tower.image.fit(image) for image in images()]))
    close(seen(encoder), tower.image.encode(pixels))
    close(before, tower.text.encode(tower.text.tokenise(TEXTS)))
    assert tower.image.dim == tower.text.dim == 32


@pytest.mark.parametrize(("name", "kind"), [("open_clip", "open_clip"), ("transformers", "clip"),
                                            ("transformers", "siglip")])  # fmt: skip
def test_every_weight_that_makes_a_feature_can_be_trained_and_the_encoder_stays(
    models: dict[str, Path], name: str, kind: str
) -> None:
    encoder = encoder_of(name, models, joint=kind)
    before, tower = encoder.text_features(TEXTS), encoder.joint()
    pixels = torch.from_numpy(np.stack([tower.image.fit(image) for image in images()]))
    read = tower.text.encode(tower.text.tokenise(TEXTS))
    loss = tower.image.encode(pixels).square().sum() + read.square().sum()
    torch.autograd.backward(loss)
    without = {n for n, p in tower.module.named_parameters() if p.grad is None}
    assert without <= {"logit_scale", "logit_bias"}, without
    with torch.no_grad():
        for parameter in tower.module.parameters():
            parameter.add_(1)
    np.testing.assert_array_equal(encoder.text_features(TEXTS), before)
