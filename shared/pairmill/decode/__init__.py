"""Safe decoding of image bytes; knows Pillow and pillow-heif, no file, no store and no stage."""

from pairmill.decode.images import ENDINGS, Bounds, Decoded, Limits, decode, open_stored
from pairmill.decode.jpeg import to_jpeg

__all__ = ["ENDINGS", "Bounds", "Decoded", "Limits", "decode", "open_stored", "to_jpeg"]
