"""The sentences that phrases are set into, as data. Knows no kind but those that lead.

{m} is one or more phrases. A change here asks for a new VERSION in `phrases.py`.
"""

from collections.abc import Mapping

FORMS = ("command", "noun", "question")
"""Three forms to mix, as in the paper's demonstrations (MegaPairs, figure 4)."""

FRAMES: Mapping[str, tuple[str, ...]] = {
    "command": (
        "show it {m}", "show this one {m}", "show me the same thing {m}", "find this one {m}",
        "find me one like it {m}", "find it {m}", "look for this one {m}", "give me this {m}",
        "I want it {m}", "I would like this one {m}", "let me see it {m}", "keep the rest, {m}",
        "now {m}", "get me this {m}", "try it {m}", "leave it as it is, only {m}",
    ),
    "noun": (
        "the same one {m}", "the same, {m}", "this one {m}", "this, {m}", "just like this, {m}",
        "the very same {m}", "like this, but {m}", "as here, but {m}", "one like this {m}",
        "the same, only {m}", "exactly this, {m}", "this one, just {m}", "the same again, {m}",
        "as it is, but {m}", "the same again, but {m}",
    ),
    "question": (
        "is there one like this {m}?", "do you have this {m}?", "do you have the same one {m}?",
        "can I see it {m}?", "can I see this one {m}?", "what would this look like {m}?",
        "how does it look {m}?", "is this available {m}?", "could I have it {m}?", "and {m}?",
        "where is the same one {m}?", "could you find this {m}?", "what about this {m}?",
        "may I have the same {m}?",
    ),
}  # fmt: skip
"""For modifiers of any kind. At least twelve a form, so that twenty remain when some leak."""

LEADS: Mapping[str, tuple[str, ...]] = {
    "command": (
        "show {m}", "make it {m}", "turn it into {m}", "replace it with {m}", "swap it for {m}",
        "switch to {m}", "find one like this, but {m}", "I want {m}", "let it be {m}",
        "let me see {m}", "give me {m}", "keep the look, but show {m}", "bring me {m}",
        "put {m} in its place", "exchange it for {m}",
    ),
    "noun": (
        "the same, but {m}", "like this, but {m}", "the same idea, but {m}", "this time {m}",
        "something like this, but {m}", "now {m}", "as here, but {m}", "{m} instead", "{m}, please",
        "in its place {m}", "{m}, otherwise the same", "similar, but {m}", "rather {m}",
        "the same kind of image, but {m}",
    ),
    "question": (
        "what about {m}?", "how about {m}?", "is there {m} like this?", "can it be {m}?",
        "could this be {m}?", "do you have {m} instead?", "and {m}?", "can I see {m}?",
        "is there something like this, but {m}?", "where is {m} like this one?",
        "can I have {m} in its place?", "what if it were {m}?", "could you show {m}?",
    ),
}  # fmt: skip
"""For a new subject, which modifiers may follow."""

IN_STYLE: Mapping[str, tuple[str, ...]] = {
    "command": ("show {m} in this style", "keep the style, but show {m}",
                "give me {m} in the same style", "use the same style for {m}"),
    "noun": ("{m} in this style", "{m} in the same style", "the same style, but showing {m}",
             "{m}, done the same way"),
    "question": ("how about {m} in the same style?", "what would {m} look like in this style?",
                 "is there {m} in this style?", "do you have {m} in the same style?"),
}  # fmt: skip
"""For a new subject where the style is known to be shared and nothing else differs."""

ORDER = (
    *("subject", "person", "single", "count", "size", "trait", "colour", "texture", "material"),
    *("named", "detail", "action", "arrangement", "placed", "background", "manner", "style"),
)
"""In which order several differences are put: by their wordings' names."""
