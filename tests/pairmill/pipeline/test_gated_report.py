"""What gates noted in a run's commits becomes the report's sections, with or without that stage."""

import json

from pairmill.core.gating.census import count_texts
from pairmill.core.gating.findings import Finding, Gate
from pairmill.core.gating.tally import MAX_EXAMPLES, Example, Tally
from pairmill.core.synthesis import Written
from pairmill.pipeline.commit import Commit, Counts
from pairmill.pipeline.gated import gated_sections

GATE = Gate(name="leakage", threshold=1.0, edges=(0.0, 1.0, 2.0, 3.0), weigh=lambda *_: [])


def commit(shard: str, fell: int, kept: int, texts: list[str]) -> Commit:
    """A commit as the stage `gate` leaves it."""
    found = []
    for number in range(fell + kept):
        rule = "leakage" if number < fell else ""
        example = Example(pair_id=f"{shard}{number:02}", query_id="q", target_id="t", value="blue",
                          text="not the blue one", rule=rule)  # fmt: skip
        found.append((Finding(measure=float(bool(rule)), value="blue", rule=rule), example))
    written = [Written(text=text, kind="command", language="en") for text in texts]
    census = count_texts(written).to_parts()
    facts = {
        "gates": {"leakage": Tally.of(GATE, found).to_plain()},
        "census": {"written": census, "kept": count_texts(written[:1]).to_parts()},
    }
    # as they are read again, keys of JSON are texts
    facts = json.loads(json.dumps(facts))
    return Commit(node="gate", shard=shard, inputs="", files=(), facts=facts,
                  counts=Counts(inputs=1, outputs=1))  # fmt: skip


def test_shards_add_up_to_one_tally_with_ten_examples_and_one_census() -> None:
    commits = [commit("a", 8, 2, ["make it red"]), commit("b", 7, 0, ["make it green", "in red"])]
    found = gated_sections(commits)
    tally = found["gates"]["leakage"]
    assert (tally["seen"], tally["fell"]) == (17, {"leakage": 15})
    assert tally["bins"] == [2, 15, 0]
    assert len(tally["examples"]) == MAX_EXAMPLES
    assert gated_sections(commits[::-1]) == found
    written = found["texts"]["written"]
    assert (written["texts"], written["vocabulary"]) == (3, 5)
    assert written["words"] == {"2": 1, "3": 2}
    assert written["kinds"] == {"command": 3}
    assert found["texts"]["kept"]["texts"] == 2


def test_a_run_without_the_stage_or_without_gates_has_no_section() -> None:
    assert gated_sections([]) == {}
    bare = Commit(node="gate", shard="a", inputs="", files=(), facts={"gates": {}},
                  counts=Counts(inputs=1, outputs=1))  # fmt: skip
    assert gated_sections([bare]) == {}
