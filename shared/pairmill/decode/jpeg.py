"""Write a picture as a JPEG that says nothing but its pixels. Knows Pillow alone."""

import io

from PIL import Image

QUALITY = 92
_FULL_CHROMA = 0  # 4:4:4: thin coloured lines survive


def to_jpeg(image: Image.Image) -> bytes:
    """Return the JPEG bytes of an RGB image: no profile, no place, no date."""
    sink = io.BytesIO()
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    bare.save(sink, "JPEG", quality=QUALITY, subsampling=_FULL_CHROMA)
    return sink.getvalue()
