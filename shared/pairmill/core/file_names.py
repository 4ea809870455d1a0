"""Take the words that people wrote out of the names of image files and their folders.

Knows names only: `dresses/red-dress_012` gives "red dress" and "dresses"; what a camera, a phone, a
shop's database or a hash gave as a name gives nothing.
"""

import re
import unicodedata
from itertools import groupby
from urllib.parse import unquote

from pairmill.core.lexicon import FUNCTION, words

NOTHING = words(
    "albums album android anonymous apple asset assets attachment bilder bild burst cam camera "
    "canon capture cimg content copies copy corpus crop cropped data dataset dcim default desktop "
    "dir dji document documents download downloaded downloads dsc dscf dscn edit edited export "
    "exported exports facebook fb file filename files final folder foto fotos frame full gallery "
    "gif google gopr hdr heic hpim icloud id image images imageset imagenet img imgs import "
    "imported index input instagram iphone item items jpeg jpg kodak large lg library listing main "
    "media medium messenger misc mvi mvimg name neu new nikon noname null orig original originals "
    "other others output page pano photo photograph photographs photos pic pics pict picture "
    "pictures png preview public pxl received res resized rotated sam samsung sample samples scan "
    "scanned screen screenshot screenshots shard shot sku small snap snapchat snapshot sony "
    "source src static stuff telegram temp test thumb thumbnail thumbnails thumbs tiff tmp train "
    "training undefined unknown unnamed unsorted untitled upload uploaded uploads user users val "
    "valid validation version video viber wa webp wechat whatsapp wp www"
)
"""Words that cameras, programs and those who keep files give; none says what is shown."""

MAX_WORDS, MAX_LETTERS = 8, 30
_UUID = re.compile(r"(?i)(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
_DIGEST = re.compile(r"(?i)[0-9][0-9a-f]{7,}|[0-9a-f]{16,}")
_CAMERA_FOLDER = re.compile(r"[1-9][0-9]{2}[0-9A-Z_]{5}")  # 100CANON: DCF 2.0, section 3.2
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RUNS_OF_AN_ID = 3
"""Letters and digits that take turns: a3f is an id's, dress2 and 2nd are not."""
_BESIDE_AN_ID = 3
"""Letters of a word that is believed beside an id; shorter ones may be a piece of it."""


def phrases_of(key: str) -> tuple[str, ...]:
    """Return what a key says, small letters: the file's own words, then those of the nearest folder
    that has any. Each at most once; nothing where a machine named both."""
    *folders, name = unquote(key).replace("\\", "/").split("/")
    said = [_phrase(name), next(filter(None, map(_phrase, reversed(folders))), "")]
    return tuple(dict.fromkeys(phrase for phrase in said if phrase))


def _phrase(name: str) -> str:
    """Return the words of one name, in order, without those that lean on what was dropped."""
    if _CAMERA_FOLDER.fullmatch(name):
        return ""
    tokens = _tokens(_UUID.sub(" 0a0a ", unicodedata.normalize("NFC", name)))
    has_id = any(map(_is_id, tokens))
    found = [word for token in tokens if not _is_id(token) for word in _words(token)]
    least = _BESIDE_AN_ID if has_id else 2
    said = [word for word in dict.fromkeys(found) if _is_said(word, least)]
    while said and said[0] in FUNCTION:
        said.pop(0)
    while said and said[-1] in FUNCTION:
        said.pop()
    return " ".join(said[:MAX_WORDS])


def _tokens(name: str) -> list[str]:
    """Return the stretches of letters, marks and digits."""
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in name)
    return "".join(kept).split()


def _is_id(token: str) -> bool:
    """Say whether a machine made the token: a digest, or letters and digits that take turns."""
    runs = len(list(groupby(token, str.isdecimal)))
    pieces = _CAMEL.split(token)
    is_jumbled = len(pieces) > 1 and len(token) < 3 * len(pieces)
    return runs >= _RUNS_OF_AN_ID or is_jumbled or bool(_DIGEST.fullmatch(token) and runs > 1)


def _words(token: str) -> list[str]:
    """Return a token's words, small: cut at digits and where a capital follows a small letter."""
    letters = "".join(c if unicodedata.category(c)[0] in "LM" else " " for c in token)
    return [piece.casefold() for part in letters.split() for piece in _CAMEL.split(part)]


def _is_said(word: str, least: int) -> bool:
    """Say whether a word may be a person's; one of English letters needs `least` and a vowel."""
    if word in NOTHING or len(word) > MAX_LETTERS or unicodedata.category(word[0])[0] != "L":
        return False
    if not word.isascii():
        return True
    return len(word) >= least and any(letter in "aeiouy" for letter in word)
