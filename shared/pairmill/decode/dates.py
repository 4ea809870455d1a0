"""Read when a picture was taken from its EXIF. Knows Pillow's images; reads no other tag."""

from PIL import Image

from pairmill.core.dates import parse_exif_date
from pairmill.decode.quiet import FAULTS

_EXIF, _TAKEN, _DIGITISED = 0x8769, 0x9003, 0x9004  # EXIF 3.0, tables 3 and 8


def taken_at(image: Image.Image) -> str:
    """Return when the picture was taken, or else digitised, in ISO 8601; "" if nothing believable
    says so. The date of the file's last change is none: programs write it. Broken EXIF is silent.
    """
    try:
        found = image.getexif().get_ifd(_EXIF)
        dates = [parse_exif_date(str(found.get(tag, ""))) for tag in (_TAKEN, _DIGITISED)]
    except FAULTS:
        return ""
    return dates[0] or dates[1]
