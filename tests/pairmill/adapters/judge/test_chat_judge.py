"""The judge that looks, over a chat in this process: what it asks, reads, repairs and refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.judge.llm import ChatJudge
from pairmill.adapters.objects.folder import FolderObjects
from pairmill.config.gating import JudgingConfig
from pairmill.core.gating.judging import Trial
from pairmill.core.prompting.judge import judge_version
from pairmill.core.records import Caption, ImageRecord
from pairmill.ports.chat import Ask
from tests.pairmill.adapters.chat.scripted_chat import ScriptedChat
from tests.pairmill.adapters.chat.writing_model import pictures, pictures_of, texts_of

IMAGES = {
    name: ImageRecord(image_id=name, keys=(name,),
                      captions=(Caption(kind="table", text=f"a {name} car"),))
    for name in ("red", "blue", "navy", "green")
} | {"lost": ImageRecord(image_id="lost", keys=("lost",))}  # fmt: skip
TRIAL = Trial(pair_id="pair", query_id="red", target_id="blue", negatives=("navy", "green"),
              instructions=("make it blue", "in blue, please"))  # fmt: skip


def answer(*verdicts: tuple[str, float | None]) -> str:
    rows = [{"fits": fits} | ({} if p is None else {"probability": p}) for fits, p in verdicts]
    return json.dumps({"verdicts": rows})


def by_candidate(ask: Ask) -> str:
    """Yes to blue, a doubt about navy, no to green."""
    said = texts_of(ask).rpartition("captioned: a ")[2].split()[0]
    return {
        "blue": answer(("yes", 0.9), ("yes", None)),
        "navy": answer(("no", 0.2), ("yes", 0.6)),
        "green": answer(("no", None), ("no", 0.05)),
    }[said]


def judge(
    say: Callable[[Ask], Any] = by_candidate, answers: Path | None = None, **config: Any
) -> tuple[ChatJudge, ScriptedChat]:
    chat = ScriptedChat(say)
    asker = Asker(chat, FolderObjects(answers) if answers else None)
    settings = JudgingConfig(captions=True, **config)
    return ChatJudge(asker, IMAGES, pictures, settings, 0), chat


def test_every_candidate_has_a_score_for_each_instruction() -> None:
    judged, chat = judge()
    (verdicts,) = judged.judge([TRIAL])
    assert [(v.image_id, v.scores) for v in verdicts] == [
        ("blue", (0.9, 1.0)), ("navy", (0.2, 0.6)), ("green", (0.0, 0.05)),
    ]  # fmt: skip
    assert len(chat.asked) == 3
    assert judged.author == f"scripted/one by {judge_version()}"


def test_the_model_sees_two_pictures_and_all_requests_numbered() -> None:
    judged, chat = judge()
    judged.judge([TRIAL])
    for ask in chat.asked:
        assert len(pictures_of(ask)) == 2
        assert "1. make it blue\n2. in blue, please" in texts_of(ask)
        assert "Give 2 verdicts" in texts_of(ask)
    blind = ScriptedChat(by_candidate)
    unread = ChatJudge(Asker(blind, None), IMAGES, pictures, JudgingConfig(), 0)
    with pytest.raises(KeyError):
        unread.judge([TRIAL])  # the scripted model finds no caption to judge by
    assert "captioned" not in texts_of(blind.asked[0])


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (answer(("yes", 0.9)), "too_few"),
        (answer(("yes", 0.9), ("no", 0.1), ("no", 0.1)), "too_many"),
        (answer(("maybe", None), ("no", None)), "not_allowed"),
        (answer(("yes", 0.4), ("no", None)), "contradiction"),
        (answer(("no", 0.5), ("no", None)), "contradiction"),
        (answer(("yes", 90), ("no", None)), "no_probability"),
        ("yes, yes", "not_json"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_strict_is_asked_for_again_and_then_a_fault(
    bad: str, fault: str
) -> None:
    judged, chat = judge(lambda ask: bad)
    (verdicts,) = judged.judge([TRIAL])
    assert len(chat.asked) == 9  # each of three with two repairs
    assert all(v.fault.startswith(f"bad_answer: {fault}") for v in verdicts)


def test_a_candidate_that_cannot_be_shown_takes_no_other_with_it() -> None:
    judged, _ = judge()
    trial = Trial(**{**vars(TRIAL), "negatives": ("lost", "green")})
    (verdicts,) = judged.judge([trial])
    assert [v.fault for v in verdicts] == ["", "source_missing: lost", ""]


def test_a_rerun_with_the_cache_asks_nothing(tmp_path: Path) -> None:
    first, _ = judge(answers=tmp_path)
    again, chat = judge(answers=tmp_path)
    assert first.judge([TRIAL]) == again.judge([TRIAL])
    assert chat.asked == []
