"""Write the tables of docs/settings.md anew: `python -m tests.project.settings_table`.

Knows the settings' fields; reads no environment.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from pairmill.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
BEGIN, END = "<!-- settings -->", "<!-- end -->"


def rows(model: type[BaseModel], prefix: str = "PAIRMILL_") -> Iterator[tuple[str, str, str]]:
    """Yield name, default and meaning of every setting, parts after what stands alone."""
    parts = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            parts.append((inner, f"{prefix}{name.upper()}__"))
        else:
            yield prefix + name.upper(), _default(field), _meaning(field)
    for inner, longer in parts:
        yield from rows(inner, longer)


def table() -> str:
    """Return the table as the page must hold it."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in rows(Settings)]
    return "\n".join(lines)


def written(text: str) -> str:
    """Return the page with the table of today."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path):
        value = str(value).replace(str(Path.home()), "~", 1)
    if isinstance(value, bool):
        value = str(value).lower()
    return "" if value in ("", None) else f"`{value:g}`" if _is_float(value) else f"`{value}`"


def _is_float(value: Any) -> bool:
    return isinstance(value, float)


def _meaning(field: FieldInfo) -> str:
    told = field.description or ""
    choices = [each for each in get_args(field.annotation) if isinstance(each, str)]
    return f"{' or '.join(f'`{each}`' for each in choices)}: {told}" if choices else told


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
