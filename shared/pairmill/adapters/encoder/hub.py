"""Find the files of one version of a published model: a folder, or a hub's name and commit.

Knows files and digests; knows no library and no tensor. Only safetensors count as weights: a
pickle could run code. Nothing is fetched where the environment says HF_HUB_OFFLINE=1.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from pairmill.adapters.encoder.weights import check_file
from pairmill.config.images import ModelConfig
from pairmill.core.errors import RetryError, WeightsError
from pairmill.core.ids import digest_of

SMALL_FILES = ("*.json", "*.txt", "*.model")
"""Configurations and tokenizers; never code."""


@dataclass(frozen=True)
class Published:
    """One version of a model. weights: patterns of the files that its library loads."""

    model: ModelConfig
    weights: tuple[str, ...]

    @cached_property
    def identity(self) -> dict[str, str]:
        """What tells this version from any other: name and commit, or the digests of its files."""
        if self.model.hub:
            return {"hub": self.model.hub, "revision": self.model.revision}
        folder = Path(self.model.path)
        found = {path for pattern in SMALL_FILES for path in folder.glob(pattern)}
        named = sorted({*found, *self._weights(folder)})
        return {"files": digest_of({path.name: sha256_of(path) for path in named})}

    @cached_property
    def folder(self) -> Path:
        """The folder that its files lie in, fetched if need be, its weights checked."""
        folder = Path(self.model.path) if self.model.path else self._fetch()
        self._check(self._weights(folder))
        return folder

    def _weights(self, folder: Path) -> list[Path]:
        found = sorted({path for pattern in self.weights for path in folder.glob(pattern)})
        if not found:
            there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
            raise WeightsError(
                f"{folder}: got {', '.join(there) or 'no folder'}, wanted "
                f"{' or '.join(self.weights)}; weights in pickles (.bin, .pt) are refused, for "
                "they may run code: take a model with safetensors, or convert it"
            )
        return found

    def _check(self, files: Sequence[Path]) -> None:
        """Hold the weights to the digest that the configuration names, if it names one."""
        wanted = self.model.sha256
        if not wanted:
            return
        remedy = "it is not the version that `sha256` names: fetch it anew, or correct `sha256`"
        if len(files) == 1:
            check_file(files[0], wanted, remedy)
            return
        got = digest_of({path.name: sha256_of(path) for path in files}, length=64)
        if got != wanted:
            raise WeightsError(
                f"{files[0].parent}: its {len(files)} files of weights have sha256 {got} together, "
                f"wanted {wanted}; {remedy}"
            )

    def _fetch(self) -> Path:
        from huggingface_hub import constants, snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

        hub, revision = self.model.hub, self.model.revision
        wanted = [*SMALL_FILES, *self.weights]
        try:
            return Path(snapshot_download(hub, revision=revision, allow_patterns=wanted))
        except LocalEntryNotFoundError as error:
            told = f"{hub} at {revision}: not in the cache of the hub"
            if constants.HF_HUB_OFFLINE:
                raise WeightsError(
                    f"{told}, and HF_HUB_OFFLINE is set; fetch it where there is a network, or "
                    "name a folder by `path`"
                ) from None
            raise RetryError(f"{told}, and the hub gives no answer ({error})") from None
        except HfHubHTTPError as error:
            raise WeightsError(
                f"{hub} at {revision}: the hub refuses it ({str(error).splitlines()[0]}); check "
                "name, commit and access"
            ) from None


def sha256_of(file: Path) -> str:
    """Return a file's sha256; one that did not change is read once a process."""
    stat = file.stat()
    return _sha256(file, stat.st_size, stat.st_mtime_ns)


@cache
def _sha256(file: Path, _size: int, _mtime_ns: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
