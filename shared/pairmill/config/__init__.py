"""RunConfig: what one run shall do, and all that decides its bytes.

Knows no vendor and no stage: values and their bounds only. Numbers of the MegaPairs paper
(arXiv 2412.14475) stand in the preset `megapairs`, with their source.
"""

from typing import Any

from pydantic import Field, ValidationError, model_validator

from pairmill.config.costing import PriceConfig
from pairmill.config.editing import EditingConfig
from pairmill.config.gating import GatingConfig
from pairmill.config.images import EncoderConfig, IngestConfig
from pairmill.config.mining import BandConfig, MiningConfig, SpaceName
from pairmill.config.part import Part
from pairmill.config.training import TrainingConfig
from pairmill.config.writing import CaptioningConfig, DescribingConfig, InstructingConfig
from pairmill.core.errors import ConfigError
from pairmill.core.ids import digest_of

__all__ = [
    "BandConfig", "CaptioningConfig", "DescribingConfig", "EditingConfig", "EncoderConfig",
    "EvaluationConfig", "GatingConfig", "IngestConfig", "InstructingConfig", "MiningConfig",
    "PriceConfig", "RunConfig", "SpaceName", "TrainingConfig", "parse_config",
]  # fmt: skip


class EvaluationConfig(Part):
    """Which cut-offs are reported; recall@1, @5, @10 and map@5 always are."""

    ks: tuple[int, ...] = (1, 5, 10)


class RunConfig(Part):
    """Everything that decides the bytes of a run, and prices. Paths are not part of it."""

    preset: str = Field("laptop", pattern="^[a-z][a-z0-9-]{0,29}$", description="begins its name")
    seed: int = Field(0, ge=0)
    ingest: IngestConfig = IngestConfig()
    encoder: EncoderConfig = EncoderConfig()
    captioning: CaptioningConfig = CaptioningConfig()
    mining: MiningConfig = MiningConfig()
    describing: DescribingConfig = DescribingConfig()
    instructing: InstructingConfig = InstructingConfig()
    gating: GatingConfig = GatingConfig()
    editing: EditingConfig = EditingConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    prices: dict[str, PriceConfig] = Field(
        {}, description="of language models, by name; for the report and for budgets of money"
    )

    @model_validator(mode="after")
    def _mines_only_spaces_of_its_encoder(self) -> "RunConfig":
        missing = [name for name in self.mining.spaces if name not in self.encoder.spaces]
        if missing:
            raise ValueError(
                f"mining.spaces: got {', '.join(missing)}, and the encoder has "
                f"{', '.join(self.encoder.spaces)}; name an encoder.pattern model, or mine those"
            )
        return self

    @model_validator(mode="after")
    def _trains_only_towers_that_can_be_trained(self) -> "RunConfig":
        if self.training.trainable == "all" and self.encoder.name == "starter":
            raise ValueError(
                "training.trainable: got all, and the starter encoder cannot be trained: the batch "
                "norms of its image tower are folded away; wanted heads, or encoder.name open_clip "
                "or transformers"
            )
        return self

    @model_validator(mode="after")
    def _asks_only_models_that_are_named(self) -> "RunConfig":
        captioning, describing, instructing = self.captioning, self.describing, self.instructing
        for part, asks, chat in (
            ("captioning", captioning.captioner == "llm", captioning.chat),
            ("describing", describing.describer == "llm", describing.chat),
            ("instructing", instructing.asks, instructing.chat),
            ("gating.judging", self.gating.judging.judge == "llm", self.gating.judging.chat),
        ):
            if asks and not chat.model:
                raise ValueError(
                    f"{part}.chat.model: got none, wanted the name that the server serves its "
                    "model by; GET /v1/models lists it"
                )
        return self

    @property
    def weighs_texts(self) -> bool:
        """Whether instructions pass the gates over texts."""
        return self.gating.authors == "all" or self.instructing.asks

    @property
    def digest(self) -> str:
        """Digest of every value that decides a byte."""
        return digest_of(self.deciding())

    def deciding(self) -> dict[str, Any]:
        """Return all but the prices, so that another price makes no other run."""
        return self.model_dump(mode="json", exclude={"prices"})


def parse_config(values: dict[str, Any]) -> RunConfig:
    """Return the configuration of plain values; ConfigError names every fault at once."""
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        faults = [(".".join(map(str, e["loc"])), str(e["msg"])) for e in error.errors()]
        told = "".join(f"\n  {field}: {what}" for field, what in faults)
        raise ConfigError(f"the run's configuration is wrong:{told}", faults) from None
