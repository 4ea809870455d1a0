"""Cancel a run, or give its failed tasks another chance. Decides; the coordinator acts on it."""

from dataclasses import dataclass

from pairmill.pipeline.letters import buried, letter_key
from pairmill.pipeline.standing import Standing, end_run, reopen
from pairmill.wiring import Stores
from services.gateway.refusing import WrongStateError
from services.gateway.telling import Register

ASKED = "somebody asked for it"
MAX_WHY = 500


@dataclass(frozen=True, kw_only=True)
class Chance:
    """What a retry did. tasks: how many came back. reopened: the run is active again."""

    standing: Standing
    tasks: int
    reopened: bool


@dataclass(frozen=True)
class Ends:
    """Ends runs and takes ends back. All of it may be asked for twice."""

    stores: Stores
    register: Register

    def cancel(self, run: str, why: str = "") -> Standing:
        """End an active run; WrongStateError where it came to another end before."""
        self.register.find(run)
        end_run(self.stores.objects, run, "cancelled", why[:MAX_WHY] or ASKED)
        now = self.register.get(run)
        if now.state != "cancelled":
            raise WrongStateError(f"run {run} cannot be cancelled: it is {now.state} already")
        self.stores.ledger.forget(run)
        return now

    def retry(self, run: str) -> Chance:
        """Bring the dead letters back, and make the run active unless nothing is left to do."""
        before = self.register.get(run)
        letters = list(buried(self.stores.objects, run))
        for task in letters:
            self.stores.objects.delete(letter_key(task))
        # Forgotten before it is active again, so that the coordinator opens its tasks afresh.
        self.stores.ledger.forget(run)
        reopened = bool(before.end) and (before.state != "finished" or bool(letters))
        if reopened:
            reopen(self.stores.objects, run)
        now = self.register.get(run)
        return Chance(standing=now, tasks=len(letters), reopened=reopened)
