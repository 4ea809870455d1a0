"""What every part of the configuration is: frozen, and strict about its keys. Knows no value."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen part of the configuration; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
