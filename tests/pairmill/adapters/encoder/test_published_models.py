"""Which version of a model is meant is never in doubt, and nothing but safetensors is opened."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image

from pairmill.adapters.encoder import open_clip, transformers
from pairmill.adapters.encoder.compound import CompoundEncoder
from pairmill.config import EncoderConfig
from pairmill.core.errors import RetryError, WeightsError
from pairmill.ports.encoder import Encoder
from tests.pairmill.adapters.encoder.small_models import small_open_clip, spoil_config

torch.set_num_threads(1)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def opened(**says: Any) -> CompoundEncoder:
    config = EncoderConfig.model_validate(says)
    if config.name == "open_clip":
        return open_clip.open_encoder(config)
    return transformers.open_encoder(config)


def clip_at(folder: Path, **more: Any) -> CompoundEncoder:
    return opened(name="open_clip", joint={"path": str(folder), **more})


def ids(encoder: Encoder) -> dict[str, str]:
    return {"encoder": encoder.encoder_id} | {s.name: s.space_id for s in encoder.spaces}


def copied(source: Path, to: Path) -> Path:
    shutil.copytree(source, to, dirs_exist_ok=True)
    return to


def sha256(folder: Path) -> str:
    return hashlib.sha256((folder / "open_clip_model.safetensors").read_bytes()).hexdigest()


def test_a_moved_model_is_the_same_and_other_weights_are_another(
    models: dict[str, Path], tmp_path: Path
) -> None:
    first, moved = (
        clip_at(models["open_clip"]),
        clip_at(copied(models["open_clip"], tmp_path / "a")),
    )
    other = clip_at(small_open_clip(tmp_path / "b", seed=9))
    squashed = clip_at(small_open_clip(tmp_path / "c", resize_mode="squash"))
    assert ids(first) == ids(moved)
    for changed in (other, squashed):
        assert not set(ids(first).values()) & set(ids(changed).values())


def test_a_space_is_named_by_the_model_that_it_is_drawn_from(models: dict[str, Path]) -> None:
    given: dict[str, Any] = {
        part: {"path": str(models[kind])}
        for part, kind in (("joint", "clip"), ("pattern", "dino"), ("text", "bert"))
    }
    alone = ids(opened(name="transformers", joint=given["joint"]))
    whole = ids(opened(name="transformers", **given))
    shorter = given | {"text": given["text"] | {"max_tokens": 8}}
    cut = ids(opened(name="transformers", **shorter))
    assert list(whole) == ["encoder", "visual_semantic", "visual_pattern", "caption"]
    assert list(alone) == ["encoder", "visual_semantic", "caption"]
    assert alone["visual_semantic"] == whole["visual_semantic"] == cut["visual_semantic"]
    assert len({alone["caption"], whole["caption"], cut["caption"]}) == 3
    assert len({alone["encoder"], whole["encoder"], cut["encoder"]}) == 3


def test_the_precision_names_other_spaces(models: dict[str, Path]) -> None:
    joint = {"path": str(models["open_clip"])}
    half = opened(name="open_clip", joint=joint, precision="bfloat16")
    assert not set(ids(half).values()) & set(ids(clip_at(models["open_clip"])).values())


def test_the_id_of_a_hubs_model_needs_neither_network_nor_torch() -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pairmill.config import RunConfig\n"
        "from pairmill.pipeline.runs import Places\n"
        "from pairmill.settings import Settings\n"
        "from pairmill.wiring import Ports, Stores\n"
        f"joint = {{'hub': 'o/n', 'revision': '{COMMIT}'}}\n"
        "for name in ('open_clip', 'transformers'):\n"
        "    config = RunConfig(encoder={'name': name, 'joint': joint},\n"
        "                       mining={'spaces': ['caption']})\n"
        "    print(Ports(Stores(Settings()), config, Places(source='')).encoder.encoder_id)\n"
        "print([name for name in ('torch', 'open_clip', 'transformers') if name in sys.modules])"
    )
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=path, capture_output=True, text=True)
    first, second, heavy = done.stdout.split("\n")[:3]
    assert len(first) == len(second) == 16, done.stderr
    assert first != second
    assert heavy == "[]"


def test_the_right_digest_opens_and_a_wrong_one_says_both(models: dict[str, Path]) -> None:
    folder, wrong = models["open_clip"], "0" * 64
    assert clip_at(folder, sha256=sha256(folder)).image_dim == 32
    with pytest.raises(WeightsError, match=f"got sha256 {sha256(folder)}, wanted {wrong}"):
        clip_at(folder, sha256=wrong).head()


def test_weights_in_several_files_are_held_to_one_digest(
    models: dict[str, Path], tmp_path: Path
) -> None:
    from transformers import AutoModel

    folder = copied(models["clip"], tmp_path / "clip")
    (folder / "model.safetensors").unlink()
    AutoModel.from_pretrained(models["clip"]).save_pretrained(folder, max_shard_size="30KB")
    assert len(list(folder.glob("model-*-of-*.safetensors"))) > 1
    joint = {"path": str(folder), "sha256": "0" * 64}
    with pytest.raises(WeightsError, match="files of weights have sha256") as caught:
        opened(name="transformers", joint=joint).head()
    joint["sha256"] = str(caught.value).split(" together")[0].split()[-1]
    whole = opened(name="transformers", joint={"path": str(models["clip"])})
    parted = opened(name="transformers", joint=joint)
    pixels = whole.prepare(Image.new("RGB", (40, 50), "red"))[np.newaxis]
    assert np.array_equal(parted.image_features(pixels), whole.image_features(pixels))


@pytest.mark.parametrize("ending", ["bin", "pt"])
@pytest.mark.parametrize("library", ["open_clip", "transformers"])
def test_pickled_weights_are_refused(
    models: dict[str, Path], tmp_path: Path, library: str, ending: str
) -> None:
    kind = "clip" if library == "transformers" else library
    folder = copied(models[kind], tmp_path / "pickled")
    (weights,) = folder.glob("*.safetensors")
    weights.rename(weights.with_suffix(f".{ending}"))
    with pytest.raises(WeightsError, match=rf"\.{ending}.*wanted .*safetensors.*refused"):
        opened(name=library, joint={"path": str(folder)}).head()


def test_a_pickle_beside_the_weights_is_never_opened(
    models: dict[str, Path], tmp_path: Path
) -> None:
    folder = copied(models["open_clip"], tmp_path / "both")
    for name in ("open_clip_pytorch_model.bin", "a.bin", "pytorch_model.bin"):
        (folder / name).write_bytes(b"a pickle that would run code")
    assert clip_at(folder).image_dim == 32


def test_a_folder_that_is_not_there_says_what_was_wanted(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nowhere: got no folder, wanted open_clip_model"):
        _ = clip_at(tmp_path / "nowhere").encoder_id


def test_half_a_model_is_refused_instead_of_filled_with_chance(
    models: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    for kind, part in (("dino", "pattern"), ("clip", "joint"), ("open_clip", "joint")):
        folder = copied(models[kind], tmp_path / kind)
        (weights,) = folder.glob("*.safetensors")
        state = load_file(weights)
        lost = next(name for name in state if name.endswith("weight"))
        save_file({n: t for n, t in state.items() if n != lost}, weights, {"format": "pt"})
        name = "open_clip" if kind == "open_clip" else "transformers"
        given: Any = {"joint": {"path": str(models["clip"])}} | {part: {"path": str(folder)}}
        with pytest.raises(WeightsError, match=r"lack 1 tensors|[Mm]issing key"):
            opened(name=name, **given).head()


@pytest.mark.parametrize(
    ("part", "kind", "wanted"),
    [("joint", "bert", "clip, siglip"), ("joint", "dino", "clip, siglip"),
     ("pattern", "clip", "dinov2"), ("pattern", "bert", "dinov2")],
)  # fmt: skip
def test_a_model_of_another_kind_is_refused(
    models: dict[str, Path], part: str, kind: str, wanted: str
) -> None:
    given = {"joint": {"path": str(models["clip"])}} | {part: {"path": str(models[kind])}}
    with pytest.raises(WeightsError, match=wanted):
        opened(name="transformers", **given).head()


def test_a_model_that_brings_code_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(models["clip"], tmp_path / "code")
    code = {"AutoConfig": "own.Own", "AutoModel": "own.Own"}
    spoil_config(folder, "config.json", model_type="own", auto_map=code)
    (folder / "own.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(WeightsError, match="cannot open it"):
        opened(name="transformers", joint={"path": str(folder)}).head()


def test_a_text_tower_from_a_hub_without_a_commit_is_refused(
    models: dict[str, Path], tmp_path: Path
) -> None:
    folder = copied(models["open_clip"], tmp_path / "hub")
    says = {"model_cfg": {"embed_dim": 32, "vision_cfg": {}, "text_cfg": {"hf_model_name": "o/n"}}}
    spoil_config(folder, "open_clip_config.json", **says)
    with pytest.raises(WeightsError, match="fetches o/n from a hub without a commit"):
        clip_at(folder).head()


def test_images_that_are_fitted_otherwise_are_refused(
    models: dict[str, Path], tmp_path: Path
) -> None:
    folder = copied(models["open_clip"], tmp_path / "longest")
    spoil_config(folder, "open_clip_config.json", preprocess_cfg={"resize_mode": "longest"})
    with pytest.raises(WeightsError, match="fitted by longest, wanted squares"):
        clip_at(folder).head()


def test_a_pinned_hub_model_is_read_from_the_cache_without_a_network(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(models["open_clip"], tmp_path / "models--owner--name" / "snapshots" / COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    joint = {"hub": "owner/name", "revision": COMMIT}
    encoder, local = opened(name="open_clip", joint=joint), clip_at(models["open_clip"])
    pixels = local.prepare(Image.new("RGB", (40, 50), "red"))[np.newaxis]
    assert np.array_equal(encoder.image_features(pixels), local.image_features(pixels))
    absent = {"hub": "owner/other", "revision": COMMIT}
    with pytest.raises(WeightsError, match=f"owner/other at {COMMIT}.*HF_HUB_OFFLINE"):
        opened(name="open_clip", joint=absent).head()


def test_a_hub_that_gives_no_answer_is_asked_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def silent(*names: object, **options: object) -> str:
        raise LocalEntryNotFoundError("no route")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", silent)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    joint = {"hub": "owner/name", "revision": COMMIT}
    with pytest.raises(RetryError, match="no answer"):
        opened(name="open_clip", joint=joint).head()
