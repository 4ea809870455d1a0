"""Read the date that a camera wrote, and say it in words. Knows texts only; knows no image."""

from datetime import datetime

EXIF_DATE = "exif_date"
"""The attribute under which a record keeps it, in ISO 8601; the rules of describing pass it by."""

EARLIEST = 1826
"""The first photograph; a scan may say when its original was taken."""

_FORM = "%Y:%m:%d %H:%M:%S"  # EXIF 3.0, section 4.6.6: DateTimeOriginal
_UNSET = {(1970, 1, 1), (1980, 1, 1), (2000, 1, 1), (2001, 1, 1)}
"""Where clocks begin that nobody has set."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_SEASONS = ("winter", "spring", "summer", "autumn")
_PARTS_OF_DAY = {"night": (22, 5), "morning": (5, 12), "afternoon": (12, 18), "evening": (18, 22)}


def parse_exif_date(raw: str) -> str:
    """Return "2019-07-14T15:20:00" of "2019:07:14 15:20:00"; "" for what is no believable date."""
    try:
        taken = datetime.strptime(raw.strip().rstrip("\0").strip(), _FORM)
    except ValueError:
        return ""
    is_unset = (taken.year, taken.month, taken.day) in _UNSET
    return "" if is_unset or taken.year < EARLIEST else taken.isoformat()


def say_date(iso: str, *, southern: bool = False) -> tuple[str, str, str]:
    """Return a phrase ("taken on a summer morning in July 2019"), the season ("in summer") and the
    part of the day ("in the morning"); the last is empty at midnight sharp, which is no time but
    the lack of one. Three empty texts where the date cannot be read.

    southern: seasons are those of the southern half of the earth.
    """
    try:
        taken = datetime.fromisoformat(iso)
    except ValueError:
        return "", "", ""
    season = _SEASONS[(taken.month % 12 // 3 + 2 * southern) % 4]
    month = f"{_MONTHS[taken.month - 1]} {taken.year}"
    if (taken.hour, taken.minute, taken.second) == (0, 0, 0):
        return f"taken in {month}, in {season}", f"in {season}", ""
    part = _part_of_day(taken.hour)
    article = "an" if season == "autumn" else "a"
    during = "at night" if part == "night" else f"in the {part}"
    return f"taken on {article} {season} {part} in {month}", f"in {season}", during


def _part_of_day(hour: int) -> str:
    for name, (first, end) in _PARTS_OF_DAY.items():
        if first <= hour < end:
            return name
    return "night"
