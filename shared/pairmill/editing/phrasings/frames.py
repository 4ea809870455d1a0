"""Frames around a modifier, so that a few words are met in many sentences. Knows no operation."""

FRAMES = (
    "{m}",
    "like this, but {m}",
    "the same one, {m}",
    "this picture, {m}",
    "as it is, only {m}",
    "this very thing {m}",
    "identical, just {m}",
    "another version, {m}",
    "everything as here, but {m}",
    "the same photo, this time {m}",
    "what about this one {m}?",
)

RECOLOUR = ("in {v}", "coloured {v}", "all {v}", "in a shade of {v}", "of the colour {v}")
BRIGHTER = ("brighter", "much brighter", "a lot brighter", "far lighter", "with far more light",
            "in much brighter light")  # fmt: skip
DARKER = ("darker", "much darker", "a lot darker", "far dimmer", "with far less light",
          "in much dimmer light")  # fmt: skip
SLIGHTLY_BRIGHTER = ("slightly brighter", "a little brighter", "a touch lighter",
                     "with a bit more light", "in somewhat brighter light")  # fmt: skip
SLIGHTLY_DARKER = ("slightly darker", "a little darker", "a touch dimmer",
                   "with a bit less light", "in somewhat dimmer light")  # fmt: skip
NEARER = ("nearer", "much nearer", "from much closer", "seen close up", "seen from very near",
          "at a shorter distance", "zoomed in", "viewed from closer by")  # fmt: skip
FARTHER = ("farther away", "much farther away", "further off", "seen from a distance",
           "seen from far off", "at a greater distance", "zoomed out",
           "viewed from further back")  # fmt: skip
SLIGHTLY_NEARER = ("slightly nearer", "a little closer", "from a bit nearer", "a touch larger",
                   "zoomed in a little", "from one step nearer")  # fmt: skip
SLIGHTLY_FARTHER = ("slightly farther away", "a little further off", "from a bit farther back",
                    "a touch smaller", "zoomed out a little", "from one step back")  # fmt: skip
LINES = ("as a line drawing", "as a pencil drawing", "as a pen drawing", "drawn in outline",
         "as a black-and-white sketch", "sketched in pencil", "as an outline drawing")  # fmt: skip


def framed(words: tuple[str, ...], modifiers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words and every modifier in every frame, each once."""
    return tuple(dict.fromkeys([*words, *(f.format(m=m) for f in FRAMES for m in modifiers)]))
