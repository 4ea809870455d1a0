"""Settings: where this process finds things, from the environment `PAIRMILL_*`, read once.

Knows names and bounds of values; opens nothing. Secrets are hidden when printed.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Part(BaseModel):
    """A frozen part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class S3Settings(Part):
    """An S3 endpoint and the bucket that holds everything; sources lie on the same endpoint."""

    endpoint: str = Field("http://127.0.0.1:9000", description="http:// or https://, host, port")
    access_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    bucket: str = "pairmill"
    prefix: str = Field("", description="key prefix, for a bucket shared with others")
    region: str = "us-east-1"
    create_bucket: bool = Field(False, description="make the bucket where it is missing")


class RedisSettings(Part):
    """Queue and ledger; two installations on one Redis differ in `prefix`."""

    url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    prefix: str = "pairmill:"


class QdrantSettings(Part):
    """A Qdrant server, spoken to over gRPC."""

    host: str = "127.0.0.1"
    port: int = 6334
    api_key: SecretStr = SecretStr("")
    tls: bool = False
    timeout_seconds: float = Field(60.0, gt=0)


class KubernetesSettings(Part):
    """Where jobs run. templates: folder of Job manifests, one `<service>.yaml` each."""

    namespace: str = "default"
    templates: Path = Path("/etc/pairmill/jobs")
    release: str = "pairmill"


class ServerSettings(Part):
    """How a service is reached; anything but loopback needs a key (or `insecure`)."""

    host: str = "127.0.0.1"
    port: int = Field(0, description="gRPC; 0: any free one")
    http_port: int = Field(0, description="JSON, probes and metrics; 0: any free one")
    api_key: SecretStr = SecretStr("")
    insecure: bool = Field(False, description="allow an open address without a key")
    max_message_bytes: int = Field(8 * 2**20, ge=2**16)
    max_in_flight: int = Field(64, ge=1, description="calls at once; more are refused at once")
    drain_seconds: float = Field(
        0.0, ge=0, description="from not ready to refusing calls; lets a load balancer hear of it"
    )
    grace_seconds: float = Field(20.0, ge=0, description="for calls inside once told to stop")


class RetrieverSettings(Part):
    """Which checkpoint the retriever serves, and by which engine."""

    model: str = Field("", description="name of a model; empty: the only one there is")
    alias: str = Field("latest", pattern="^[a-z0-9][a-z0-9._-]{0,63}$")
    engine: Literal["exact", "qdrant"] = Field("exact", description="who finds indexed images")
    hnsw_ef: int = Field(
        128, ge=0, description="for qdrant: width of the approximate search; 0 searches exactly"
    )
    refresh_seconds: float = Field(
        10.0, gt=0, description="how often alias and items are looked at"
    )
    canary_seconds: float = Field(
        10.0, gt=0, description="how often a query of its own goes through the model"
    )


class Settings(BaseSettings):
    """Where this process finds things: environment `PAIRMILL_*`, read once."""

    model_config = SettingsConfigDict(
        env_prefix="PAIRMILL_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )
    cache: Path = Path.home() / ".cache" / "pairmill"
    commit_guard: Literal["objects", "ledger"] = "objects"
    max_attempts: int = Field(3, ge=1)
    lease_seconds: float = Field(300.0, gt=0)
    backoff_seconds: float = Field(0.5, ge=0, description="after a failure; doubled with each more")

    objects: Literal["folder", "minio"] = "folder"
    queue: Literal["inline", "celery"] = "inline"
    ledger: Literal["memory", "redis"] = "memory"
    jobs: Literal["subprocess", "kubernetes"] = "subprocess"
    root: Path | None = Field(None, description="output folder, for objects=folder, and job logs")
    s3: S3Settings = S3Settings()
    redis: RedisSettings = RedisSettings()
    qdrant: QdrantSettings = QdrantSettings()
    kubernetes: KubernetesSettings = KubernetesSettings()
    server: ServerSettings = ServerSettings()
    retriever: RetrieverSettings = RetrieverSettings()

    worker_name: str = Field("", description="who claims; a pod's own name; empty: host and pid")
    probe_host: str = "127.0.0.1"
    probe_port: int | None = Field(
        None, description="probes and metrics of a worker or coordinator; 0: any free one"
    )
    tick_seconds: float = Field(2.0, gt=0, description="how often the coordinator looks, at least")
    ring_again_seconds: float = Field(60.0, gt=0, description="a task rung for and never claimed")
    listing_seconds: float = Field(60.0, gt=0, description="for a submission's source, at most")
    num_rung: int = Field(32, ge=1, description="messages of one stage and run queued at once")

    def at(self, root: Path) -> "Settings":
        """Return the settings of an embedded run in an output folder."""
        return self.model_copy(update={"root": root.resolve()})
