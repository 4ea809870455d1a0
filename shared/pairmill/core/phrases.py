"""The wordings of the rules path by kind of difference, as data. Raise VERSION with any change.

{v} is the target's value, {a} the same with its article, {n} an attribute's name, {x} value and
name with their article. Every wording stands on the target's side alone: what is shared is "the
same", "it" or "this one", and the source is never named (MegaPairs, appendix A).
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "1"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How one kind of difference is put.

    modifiers: what may follow "the same one" in any frame. The rest stand alone.
    """

    modifiers: tuple[str, ...]
    command: tuple[str, ...] = ()
    noun: tuple[str, ...] = ()
    question: tuple[str, ...] = ()


ADJECTIVE = Wording(
    modifiers=("looking {v}",),
    command=("make it {v}", "turn it {v}", "I want it {v}", "show it {v}", "let it be {v}",
             "show me {a} one"),
    noun=("the same, but {v}", "{a} one", "{a} version of this", "the same one, only {v}",
          "like this, but {v}", "this one, but {v}"),
    question=("can it be {v}?", "is there {a} one?", "what about {a} one?", "could I see it {v}?",
              "do you have {a} one like this?", "is this one also {v} somewhere?"),
)  # fmt: skip

WORDINGS: Mapping[str, Wording] = {
    "colour": Wording(
        modifiers=("in {v}", "in {v}", "coloured {v}"),
        command=("make it {v}", "turn it {v}", "paint it {v}", "recolour it in {v}",
                 "change the colour to {v}", "give it {a} colour", "switch the colour to {v}"),
        noun=("in {v} instead", "{a} one", "the {v} one", "{a} version of it",
              "the same thing but {v}", "this, just {v}", "its {v} twin"),
        question=("is there {a} one?", "do you have it in {v}?", "what about {v}?",
                  "how would it look in {v}?", "can it be {v}?", "does it come in {v}?"),
    ),
    "texture": Wording(
        modifiers=("with {a} texture", "with {a} surface", "with {a} finish"),
        command=("make it {v}", "give it {a} texture", "change the texture to {v}",
                 "cover it in {a} texture", "let the surface be {v}"),
        noun=("{a} one", "the same, but {v}", "{a} version of this", "this one, but {v}",
              "as it is, only {v}"),
        question=("is there {a} one?", "can it be {v}?", "do you have {a} one like this?",
                  "could it have {a} texture?", "what about {a} one?"),
    ),
    "size": Wording(modifiers=("in {a} size",), command=ADJECTIVE.command,
                    noun=ADJECTIVE.noun, question=ADJECTIVE.question),
    "trait": ADJECTIVE,
    "count": Wording(
        modifiers=("with {v} of them",),
        command=("show {v} of them", "make it {v} of them", "let there be {v} of them",
                 "put {v} of them there", "change the number to {v}"),
        noun=("{v} of them", "{v} of these", "{v} of them instead", "the same, but {v} of them",
              "{v} of the same kind", "a set of {v}"),
        question=("how about {v} of them?", "can I see {v} of them?", "are there {v} of these?",
                  "could there be {v} of them?", "what about {v} of the same?"),
    ),
    "single": Wording(
        modifiers=("with a single one", "with only one of them"),
        command=("leave just one", "show only one of them", "keep a single one",
                 "take all away but one", "reduce it to one"),
        noun=("just one of them", "only one of these", "a single one", "one alone",
              "a single one of the same kind"),
        question=("can I see just one?", "how about a single one?", "is there one by itself?",
                  "could there be only one?", "what about one alone?"),
    ),
    "style": Wording(
        modifiers=("as {a}", "as {a}", "done as {a}"),
        command=("redraw it as {a}", "make {a} of it", "turn this into {a}", "render it as {a}",
                 "show the same thing as {a}", "change the style to {v}",
                 "switch the style to {v}"),
        noun=("as {a} instead", "{a} of the same", "{a} of this", "the {v} version",
              "the same subject as {a}", "its {v} version", "{a} of exactly this"),
        question=("is there {a} of this?", "how does it look as {a}?", "do you have it as {a}?",
                  "what about {a}?", "can I see {a} of it?", "could it be {a}?"),
    ),
    "manner": Wording(
        modifiers=("in {v} style", "in {a} style", "done in {v} style"),
        command=("change the style to {v}", "redo it in {v} style", "render it in {v} style",
                 "switch to {a} style", "give it {a} look"),
        noun=("in {v} style instead", "the {v} version", "its {v} version",
              "the same subject in {v} style", "{a} version of this"),
        question=("how does it look in {v} style?", "do you have it in {v} style?",
                  "is there {a} version of this?", "what about {a} style?",
                  "could the style be {v}?"),
    ),
    "background": Wording(
        modifiers=("against {a}", "with {a} behind", "in front of {a}"),
        command=("put it in front of {a}", "change the background to {v}", "place it against {a}",
                 "swap the background for {a}", "set it before {a}"),
        noun=("against {a} instead", "the same before {a}", "with {a} as background",
              "the same thing with {a} behind it", "now with {a} behind"),
        question=("can I see it against {a}?", "what about {a} behind it?",
                  "can the background be {a}?", "how does it look before {a}?",
                  "could there be {a} behind it?"),
    ),
    "arrangement": Wording(
        modifiers=("{v}",),
        command=("place them so that they are {v}", "rearrange it: {v}", "arrange it {v}",
                 "change the layout: {v}", "have it {v}"),
        noun=("{v} instead", "{v} this time", "the same things, {v}", "all as it is, but {v}",
              "another layout: {v}"),
        question=("can it be {v}?", "what about {v}?", "how about {v} instead?",
                  "could it be arranged {v}?", "how would it look {v}?"),
    ),
    "material": Wording(
        modifiers=("made of {v}", "in {v}"),
        command=("make it out of {v}", "change the material to {v}", "show it made of {v}",
                 "use {v} for it", "let it be of {v}"),
        noun=("one made of {v}", "of {v} instead", "the {v} version", "the same in {v}",
              "{v} as the material"),
        question=("is there one made of {v}?", "do you have it in {v}?", "can it be made of {v}?",
                  "what about {v}?", "how would it look in {v}?"),
    ),
    "action": Wording(
        modifiers=("{v}",),
        command=("show it {v}", "let it be {v}", "have it {v}", "make it one that is {v}"),
        noun=("{v} instead", "{v} this time", "the same, {v}", "one that is {v}"),
        question=("is there one {v}?", "can it be {v}?", "what about {v}?", "how about one {v}?"),
    ),
    "placed": Wording(
        modifiers=("{v}",),
        command=("show one {v}", "have it {v}", "let it be {v}", "it should be {v}"),
        noun=("{v} instead", "{v} this time", "one {v}", "another one {v}"),
        question=("is there one {v}?", "can it be {v}?", "how about one {v}?", "what about {v}?"),
    ),
    "detail": Wording(
        modifiers=("with {a}",),
        command=("add {a}", "give it {a}", "let it have {a}", "show it having {a}"),
        noun=("with {a} instead", "with {a} this time", "one with {a}", "one that has {a}"),
        question=("can it have {a}?", "is there one with {a}?", "how about one with {a}?",
                  "what about {a}?"),
    ),
    "named": Wording(
        modifiers=("with {v} {n}", "with {x}"),
        command=("change the {n} to {v}", "make the {n} {v}", "give it {x}", "set the {n} to {v}",
                 "switch the {n} to {v}", "let the {n} be {v}"),
        noun=("{v} {n} instead", "the {v} {n} version", "one with {v} {n}", "another {n}: {v}",
              "the one with {x}", "{x}, otherwise as here"),
        question=("can the {n} be {v}?", "what about {v} {n}?", "is there one with {v} {n}?",
                  "how would {v} {n} look?", "do you have one with {x}?",
                  "could it have {x} instead?"),
    ),
    "subject": Wording(modifiers=("with {a}",)),
    "person": Wording(
        modifiers=("with {a}",),
        command=("have {a} do it", "show {a} in this role", "let it be {a} here",
                 "put {a} in the same role"),
        noun=("{a} in the same role", "the same with {a} instead", "{a} as the main figure",
              "the same scene, but with {a}"),
        question=("is there one with {a}?", "can I see {a} in this role?",
                  "what about one with {a}?", "does it exist with {a}?"),
    ),
}  # fmt: skip
"""By kind; an attribute of another name is `named`. A phrase that brings its own preposition is
`placed`."""
