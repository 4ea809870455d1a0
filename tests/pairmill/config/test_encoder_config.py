"""An encoder's configuration names one version of each model, or says what is missing."""

from typing import Any

import pytest

from pairmill.config import EncoderConfig, RunConfig, parse_config
from pairmill.core.errors import ConfigError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = {"hub": "owner/name", "revision": COMMIT}


def fault(encoder: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config({"encoder": encoder, **more})
    return str(caught.value)


@pytest.mark.parametrize("revision", ["", "main", "v1.0", COMMIT[:7], COMMIT.upper()])
def test_a_hub_name_without_a_full_commit_is_refused(revision: str) -> None:
    joint = {"hub": "owner/name", "revision": revision}
    told = fault({"name": "open_clip", "joint": joint})
    assert f"got owner/name at revision '{revision}', wanted a full commit" in told


@pytest.mark.parametrize(
    ("joint", "told"),
    [
        ({}, "got neither, wanted either `hub` with `revision`, or `path`"),
        ({**HUB, "path": "models/clip"}, "got hub 'owner/name' and path 'models/clip'"),
        ({"path": "models/clip", "revision": COMMIT}, "got a revision of a folder"),
        ({**HUB, "sha256": "12ab"}, "encoder.joint.sha256"),
        ({"hub": "name", "revision": COMMIT}, "encoder.joint.hub"),
        ({"hub": "https://else.where/a/b", "revision": COMMIT}, "encoder.joint.hub"),
        ({**HUB, "trust_remote_code": True}, "encoder.joint.trust_remote_code"),
    ],
)
def test_what_names_no_one_version_is_refused(joint: dict[str, Any], told: str) -> None:
    assert told in fault({"name": "open_clip", "joint": joint})


def test_each_name_wants_its_own_models() -> None:
    assert "wants a `joint` model" in fault({"name": "transformers", "pattern": HUB})
    assert "got joint for the starter" in fault({"joint": HUB})
    assert "got precision bfloat16 for the starter" in fault({"precision": "bfloat16"})
    assert "encoder.text.pooling" in fault(
        {"name": "transformers", "joint": HUB, "text": {**HUB, "pooling": "max"}}
    )


def test_a_space_that_the_encoder_lacks_is_not_mined() -> None:
    joint_only = {"name": "open_clip", "joint": HUB}
    told = fault(joint_only)
    assert "got visual_pattern, and the encoder has visual_semantic, caption" in told
    mined = parse_config({"encoder": joint_only, "mining": {"spaces": ["caption"]}})
    assert mined.encoder.spaces == ("visual_semantic", "caption")
    whole = parse_config({"encoder": {**joint_only, "pattern": HUB}})
    assert whole.mining.spaces == whole.encoder.spaces == RunConfig().encoder.spaces


def test_a_configuration_is_a_key_of_what_is_loaded() -> None:
    one, same = (EncoderConfig.model_validate({"name": "open_clip", "joint": HUB}) for _ in "ab")
    assert hash(one) == hash(same)
    assert one != one.model_copy(update={"threads": 3})
