"""Make a caption of what a machine can tell of an image, and lend it to one without any.

Knows records and words; sees no pixel and knows no encoder. Made captions are records of their own,
marked as such: they never enter the table of images, and whatever a person said wins over them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pairmill.core import wording
from pairmill.core.aspects import COLOUR, KIND_OF_WORD, SUBJECT, read_facts
from pairmill.core.dates import EXIF_DATE, say_date
from pairmill.core.file_names import phrases_of
from pairmill.core.records import Caption, ImageRecord

MACHINE = "machine"
"""The kind of every caption that nobody wrote."""
CLASS, COLOURS, NAME, DATE, SEASON, DAYTIME = "class", "colour", "name", "date", "season", "daytime"
SENTENCE = "sentence"
"""A whole caption by a language model; it stays as it is."""
ON_MACHINE_CAPTIONS = " on machine captions"
"""Ends the author of a description that rests on one."""


@dataclass(frozen=True, kw_only=True)
class MachineCaption:
    """What was made up for one image.

    text: the whole caption. seen: the same without the date, which nobody sees in a picture; only
    this is learnt from and, where it names a thing, embedded and compared. parts: by kind: `class`
    (the narrowest name first, then broader ones), `colour`, `name`, `date`, `season`, `daytime`;
    or one `sentence` that says it all.
    kind: `machine`.
    """

    image_id: str
    text: str
    seen: str
    parts: tuple[Caption, ...]
    kind: str = MACHINE

    @property
    def names_a_thing(self) -> bool:
        """Whether it says what is shown; a colour alone would make all red things alike."""
        return bool(self.of(CLASS) or self.of(NAME) or self.of(SENTENCE))

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the texts of one kind of parts."""
        return tuple(part.text for part in self.parts if part.kind == kind)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen in one image: names of what it shows, the narrowest first, and main colours."""

    classes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()


def needs_caption(image: ImageRecord) -> bool:
    """Say whether no person has captioned the image."""
    return not any(caption.text.strip() for caption in image.captions)


def make_caption(image: ImageRecord, seen: Seen, *, southern: bool = False) -> MachineCaption:
    """Return what can be told of an image: what was seen in it, its names, when it was taken.

    What its own attributes say of its kind or its colour is not said again. The texts are empty
    where there is nothing to say. southern: see `say_date`.
    """
    told = {fact.kind for fact in read_facts(image.attributes)[0].values() if fact.values}
    names = _names(image.keys)
    classes = () if SUBJECT in told else seen.classes
    colours = () if COLOUR in told or _name_a_colour(names) else seen.colours
    iso = next(iter(image.attributes.get(EXIF_DATE, ())), "")
    date, season, daytime = say_date(iso, southern=southern)
    texts = _texts(classes, colours, names)
    found = [(CLASS, classes), (COLOURS, colours), (NAME, names), (DATE, (date,)),
             (SEASON, (season,)), (DAYTIME, (daytime,))]  # fmt: skip
    return MachineCaption(
        image_id=image.image_id,
        text=", ".join(part for part in (*texts, date) if part),
        seen=", ".join(texts),
        parts=tuple(Caption(kind=k, text=t) for k, texts in found for t in texts if t),
    )


def lend(image: ImageRecord, made: MachineCaption | None) -> ImageRecord:
    """Return the image with the made caption, where it has none, and what that tells as attributes.

    An attribute of the image's own keeps its values. Season and time of day are keywords, which
    only serve where nothing else differs. An image with a human caption is returned as it is.
    """
    if made is None or not needs_caption(image):
        return image
    attributes = {
        "category": made.of(CLASS)[:1],
        "colour": made.of(COLOURS),
        "keywords": (*made.of(SEASON), *made.of(DAYTIME)),
    }
    lent = {name: values for name, values in attributes.items() if values}
    captions = (Caption(kind=MACHINE, text=made.seen),) if made.names_a_thing else ()
    return replace(image, captions=captions, attributes={**lent, **image.attributes})


def agree(one: MachineCaption | None, other: MachineCaption | None) -> tuple[
    MachineCaption | None, MachineCaption | None
]:  # fmt: skip
    """Return both captions with one name for what may be one thing.

    A machine says "T-shirt" where it is sure, "shirt" where it is less so, and nothing where it
    cannot tell: that is no difference between two images, so both are shirts then, or unnamed.
    A language model's caption is not taken apart.
    """
    if one is None or other is None or one.of(SENTENCE) or other.of(SENTENCE):
        return one, other
    mine, theirs = one.of(CLASS), other.of(CLASS)
    shared = next((name for name in mine if name in theirs), "")
    if mine and theirs and shared not in (mine[0], theirs[0]):
        return one, other
    return _called(one, shared), _called(other, shared)


def _called(made: MachineCaption, name: str) -> MachineCaption:
    """Return the caption with its narrowest names left out, down to this one, or without any."""
    classes = made.of(CLASS)
    kept = classes[classes.index(name) :] if name else ()
    texts = _texts(kept, made.of(COLOURS), made.of(NAME))
    parts = tuple(p for p in made.parts if p.kind != CLASS or p.text in kept)
    return replace(made, seen=", ".join(texts), parts=parts)


def _names(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the words of the first of an image's keys that has any."""
    return next(filter(None, map(phrases_of, keys)), ())


def _name_a_colour(names: Iterable[str]) -> bool:
    return any(KIND_OF_WORD.get(word.key) == COLOUR for n in names for word in wording.words(n))


def _texts(classes: tuple[str, ...], colours: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    """Return the parts of a caption: "red dress", "mostly red", "my summer dress" …

    A name that says just what was seen is not repeated; one that says more of it takes its place.
    """
    said = " and ".join(colours)
    thing = classes[0] if classes else ""
    keys = wording.keys_of(thing)
    others = [name for name in names if wording.keys_of(name) - keys]
    fuller = next((name for name in others if keys and keys <= wording.keys_of(name)), "")
    if fuller:
        return [f"{said} {fuller}".strip(), *(name for name in others if name != fuller)]
    if thing:
        return [f"{said} {thing}".strip(), *others]
    return [*names, *([f"mostly {said}"] if said else [])]
