"""Safe decoding of image bytes; knows Pillow and pillow-heif, no file, no store and no stage."""

from pairmill.decode.images import ENDINGS, Bounds, Decoded, Limits, decode, open_stored

__all__ = ["ENDINGS", "Bounds", "Decoded", "Limits", "decode", "open_stored"]
