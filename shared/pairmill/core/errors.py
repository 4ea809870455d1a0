"""The tree of errors, and what each asks of whoever catches it. Knows no stage and no vendor.

    PairmillError
    ├── StopError            stop the run: the user or operator must change something
    │   ├── BudgetError          as much was asked of language models as was allowed
    │   ├── ConfigError          a setting, flag or run file is wrong
    │   ├── CorpusError          the corpus, captions, gallery or benchmark cannot be used
    │   ├── RootError            the output folder is of another corpus or format version
    │   ├── StoreFullError       no space left where results are written
    │   ├── WeightsError         weights are missing or have a wrong digest
    │   ├── FormatError          a stored file is not what its name and schema promise
    │   └── ScoreError           embeddings or scores are not finite, so nothing can be ranked
    ├── RetryError           transient: try the task again later
    └── RejectError          one record is at fault: leave it out, with its rule and value

A message says what was got, what was wanted and what to do.
"""

from collections.abc import Sequence


class PairmillError(Exception):
    """Anything that Pairmill raises on purpose."""


class StopError(PairmillError):
    """Stop the run: retrying cannot help."""


class BudgetError(StopError):
    """As much was asked of language models as was allowed; all answers are kept."""


class ConfigError(StopError):
    """A setting, a flag or a run file is wrong.

    faults: each field that is at fault, and what is wrong with it, for who shows them apart.
    """

    def __init__(self, message: str, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class CorpusError(StopError):
    """The corpus, its captions, its gallery or its benchmark cannot be used."""


class RootError(StopError):
    """The output folder belongs to another corpus or to another format version."""


class StoreFullError(StopError):
    """No space is left where results are written."""


class WeightsError(StopError):
    """Weights are missing, or are not those that were published."""


class FormatError(StopError):
    """A stored file is not what its name and schema promise."""


class ScoreError(StopError):
    """Embeddings or scores are not finite, so nothing can be ranked by them."""


class RetryError(PairmillError):
    """A transient fault: the same task may succeed later."""


class RejectError(PairmillError):
    """One record is at fault and is left out.

    Args:
        rule: stable name of the rule, snake case, a key of `rejects.<rule>` in the report.
        value: what was got, short and printable; never personal data.
    """

    def __init__(self, rule: str, value: object = "") -> None:
        super().__init__(f"{rule}: {value}")
        self.rule = rule
        self.value = str(value)[:200]
