"""How related images are found: spaces, windows, bands, caps. Values and their bounds only."""

from typing import Literal

from pydantic import Field, model_validator

from pairmill.config.part import Part

SpaceName = Literal["visual_semantic", "visual_pattern", "caption"]


class BandConfig(Part):
    """Which similarities make a pair: above `low`, not above `high`.

    `quantile`: both are quantiles of a space's own similarities between random images, because
    spaces differ in scale. `absolute`: both are cosines, as in the paper.
    """

    kind: Literal["quantile", "absolute"] = "quantile"
    low: float = Field(0.9, ge=-1, le=1)
    high: float = Field(1.0, ge=-1, le=1)

    @model_validator(mode="after")
    def _low_is_below_high(self) -> "BandConfig":
        if self.low >= self.high:
            raise ValueError(f"band low {self.low} must be below high {self.high}")
        return self


class SpaceWindow(Part):
    """Which neighbours of one space may become pairs; what is left out is as for all spaces."""

    first_rank: int | None = Field(None, ge=1)
    last_rank: int | None = Field(None, ge=1, le=1000)
    band: BandConfig | None = None
    pairs_per_space: int | None = Field(None, ge=1)


class MiningConfig(Part):
    """Rank windows, bands, negatives, and how pairs are drawn from all that were found."""

    spaces: tuple[SpaceName, ...] = Field(
        ("visual_semantic", "visual_pattern", "caption"), min_length=1
    )
    first_rank: int = Field(1, ge=1, description="first neighbour taken, from 1")
    last_rank: int = Field(15, ge=1, le=1000)
    band: BandConfig = BandConfig()
    pairs_per_space: int = Field(4, ge=1, description="pairs a query image and space, at most")
    per_space: dict[SpaceName, SpaceWindow] = Field(
        {}, description="values that hold for one space in place of the four above"
    )
    num_negatives: int = Field(5, ge=1, description="hard negatives, the query image included")
    target_cap: int = Field(20, ge=1, description="how often an image may be a target")
    cells: int = Field(
        0, ge=0, le=4096,
        description="semantic cells: k-means over the first of `spaces`; 0: pairs are not spread",
    )  # fmt: skip
    cell_cap: int = Field(
        32, ge=1, description="with cells: pairs from one cell to one cell, at most"
    )
    balance: float = Field(
        0.0, ge=0, le=1,
        description="0: relation sets as found; 1: none gives more than the median one",
    )  # fmt: skip
    max_pairs: int = Field(
        0, ge=0, description="drawn at last from all that are left; 0 takes them all"
    )
    shard_pairs: int = Field(128, ge=1)
    engine: Literal["exact", "edge", "qdrant"] = Field(
        "exact",
        description="who proposes neighbours: this process, an embedded Qdrant, or a Qdrant server",
    )
    hnsw_ef: int = Field(
        128, ge=0,
        description="for edge and qdrant: width of the approximate search; 0 searches exactly",
    )  # fmt: skip

    def of(self, space: str) -> "MiningConfig":
        """Return the values that hold for one space."""
        own = next((window for name, window in self.per_space.items() if name == space), None)
        if own is None:
            return self
        given = {name: value for name, value in own if value is not None}
        return self.model_copy(update=given)

    @model_validator(mode="after")
    def _windows_are_not_empty(self) -> "MiningConfig":
        strangers = sorted(set(self.per_space) - set(self.spaces))
        if strangers:
            raise ValueError(f"per_space names {strangers[0]}, which is not among the spaces")
        for space in self.spaces:
            found = self.of(space)
            if found.last_rank < found.first_rank:
                raise ValueError(
                    f"last_rank {found.last_rank} is below first_rank {found.first_rank} ({space})"
                )
        return self
