"""Read what a request asks for, with all of its faults at once. Opens no source; writes nothing."""

from dataclasses import dataclass

from pairmill.config import RunConfig
from pairmill.core.benchmark import parse_benchmark
from pairmill.core.errors import ConfigError, CorpusError
from pairmill.pb.runs_pb2 import SubmitRunRequest
from pairmill.presets import config_of, preset_names
from pairmill.run_messages import MAX_CONFIG_BYTES, MAX_FILE_BYTES
from pairmill.sources.places import BUCKETS, Place, place_of
from pairmill.sources.tables import CaptionTable, parse_captions
from services.gateway.refusing import Faults

MAX_ADDRESS_CHARS = 1024
LAPTOP = "laptop"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request asks for. A part that is at fault is None; the faults say which."""

    config: RunConfig | None
    corpus: Place | None
    gallery: Place | None
    captions: CaptionTable | None


def read_request(message: SubmitRunRequest, faults: Faults) -> Asked:
    """Return what the message asks for, and note everything that is wrong with it."""
    if message.HasField("benchmark"):
        faults.take("benchmark", lambda: _benchmark(message))
    table = message.HasField("captions")
    return Asked(
        config=_config(message, faults),
        corpus=faults.take("corpus", lambda: read_address(message.corpus)),
        gallery=faults.take("gallery", lambda: read_address(message.gallery))
        if message.gallery
        else None,
        captions=faults.take("captions", lambda: _captions(message)) if table else None,
    )


def read_address(address: str) -> Place:
    """Return the place in a bucket that an address names.

    Raises CorpusError where it names none: no path of a user's machine can be seen from here.
    """
    if not address.startswith(BUCKETS):
        raise CorpusError(
            f"got {address[:200]!r}, wanted s3://bucket/prefix: the cluster sees no files of your "
            f"machine; send them first: pairmill upload {address[:200] or 'PHOTOS'} "
            "s3://BUCKET/PREFIX"
        )
    parts = address.removeprefix(BUCKETS).split("/")
    if len(address) > MAX_ADDRESS_CHARS or not address.isprintable() or {".", ".."} & {*parts}:
        raise CorpusError(
            f"got {address[:200]!r}, wanted s3://bucket/prefix of at most {MAX_ADDRESS_CHARS} "
            "printable characters without the parts '.' and '..'"
        )
    return place_of(address)


def _config(message: SubmitRunRequest, faults: Faults) -> RunConfig | None:
    preset, text = message.preset or LAPTOP, message.config_yaml
    if preset not in preset_names():
        faults.add("preset", f"got {preset[:80]!r}, wanted one of {', '.join(preset_names())}")
        preset = LAPTOP  # so that the faults of the configuration are told as well

    def read() -> RunConfig:
        if len(text.encode()) > MAX_CONFIG_BYTES:
            raise ConfigError(_too_large(len(text.encode()), MAX_CONFIG_BYTES))
        return config_of(preset, text)

    return faults.take("config", read)


def _captions(message: SubmitRunRequest) -> CaptionTable:
    _check_size(message.captions.data, "put captions beside the images, as .txt or .json files")
    return parse_captions(message.captions.data, message.captions.file_name or "captions")


def _benchmark(message: SubmitRunRequest) -> None:
    _check_size(message.benchmark.data, "take fewer queries, or run `pairmill evaluate` apart")
    parse_benchmark(message.benchmark.data, message.benchmark.name or "benchmark")


def _check_size(data: bytes, instead: str) -> None:
    if len(data) > MAX_FILE_BYTES:
        raise CorpusError(f"{_too_large(len(data), MAX_FILE_BYTES)}; {instead}")


def _too_large(got: int, limit: int) -> str:
    return f"got {got:,} bytes, wanted at most {limit:,}"
