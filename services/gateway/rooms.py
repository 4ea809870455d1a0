"""What a gateway works with, connected when first asked for. Knows the wiring; answers no call."""

from dataclasses import dataclass
from functools import cached_property

from pairmill.config import RunConfig
from pairmill.pipeline.runs import Places, claim_shared_root
from pairmill.submitting import OpenSource
from pairmill.wiring import Ports, Stores
from services.gateway.ending import Ends
from services.gateway.patience import Deadline
from services.gateway.submitting import Office
from services.gateway.telling import Register


@dataclass(frozen=True)
class Rooms:
    """A gateway's parts. open_source: opens a corpus's own files; None: as the settings say.

    A store that cannot be reached yet is asked for again by the next call.
    """

    stores: Stores
    open_source: OpenSource | None = None

    @cached_property
    def office(self) -> Office:
        """Takes requests."""
        return Office(
            objects=self.stores.objects, open_source=self.open_source or self.stores.open_source,
            encoder_id=self._encoder_id, deadline=Deadline(self.stores.settings.listing_seconds),
        )  # fmt: skip

    @cached_property
    def register(self) -> Register:
        """Tells how runs stand."""
        return Register(self.stores.objects)

    @cached_property
    def ends(self) -> Ends:
        """Cancels and retries."""
        return Ends(self.stores, self.register)

    def check(self) -> None:
        """Raise whatever keeps this gateway from answering."""
        claim_shared_root(self.stores.objects)

    def _encoder_id(self, config: RunConfig) -> str:
        return Ports(self.stores, config, Places(source="")).encoder.encoder_id
