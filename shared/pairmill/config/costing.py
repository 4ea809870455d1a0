"""What language models cost. Values and their bounds only; they decide no byte of a run."""

from pydantic import Field

from pairmill.config.part import Part
from pairmill.core.costing import Price


class PriceConfig(Part):
    """The price of one model, in any one currency: by tokens, by GPU, or both."""

    prompt: float = Field(0.0, ge=0, description="a million tokens that it reads")
    completion: float = Field(0.0, ge=0, description="a million tokens that it writes")
    gpu_hour: float = Field(0.0, ge=0, description="an hour of one GPU, paid while it is asked")
    gpus: int = Field(1, ge=1, description="on which the model runs")

    @property
    def price(self) -> Price:
        """The same as core has it."""
        return Price(**self.model_dump())
