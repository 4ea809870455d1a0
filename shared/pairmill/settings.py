"""Settings: where this process finds things, from the environment `PAIRMILL_*`, read once.

Knows names and bounds of values; opens nothing. Secrets are hidden when printed.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from pairmill.core.errors import ConfigError


class Part(BaseModel):
    """A frozen part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class S3Settings(Part):
    """An S3 endpoint and the bucket that holds everything; sources lie on the same endpoint."""

    endpoint: str = Field("http://127.0.0.1:9000", description="http:// or https://, host, port")
    access_key: SecretStr = Field(SecretStr(""), description="who asks; secret")
    secret_key: SecretStr = Field(SecretStr(""), description="its password; secret")
    bucket: str = Field("pairmill", description="holds all objects; sources may lie in others")
    prefix: str = Field("", description="key prefix, for a bucket shared with others")
    region: str = Field("us-east-1", description="of the bucket")
    create_bucket: bool = Field(False, description="make the bucket where it is missing")


class RedisSettings(Part):
    """Queue and ledger; two installations on one Redis differ in `prefix`."""

    url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="redis:// or rediss:// for TLS, :password@host:port/database; secret",
    )
    prefix: str = Field("pairmill:", description="of every key and channel")


class QdrantSettings(Part):
    """A Qdrant server, spoken to over gRPC."""

    host: str = Field("127.0.0.1", description="a name or an address")
    port: int = Field(6334, description="of its gRPC")
    api_key: SecretStr = Field(SecretStr(""), description="empty: none is sent; secret")
    tls: bool = Field(False, description="whether it speaks TLS")
    timeout_seconds: float = Field(60.0, gt=0, description="of one call")


class ChatServer(Part):
    """An OpenAI-compatible server of language models. A key goes only to the address beside it."""

    base_url: str = Field("", description="as far as /v1; empty: the `chat.base_url` of a run")
    api_key: SecretStr = Field(SecretStr(""), description="goes to that address alone; secret")


class ChatSettings(ChatServer):
    """Where language models are. The parts: for that stage alone, in place of the rest."""

    caption: ChatServer = ChatServer()
    describe: ChatServer = ChatServer()
    instruct: ChatServer = ChatServer()
    judge: ChatServer = ChatServer()

    def server(self, stage: str) -> ChatServer:
        """Return the server that a stage asks: its own where one is named."""
        own: ChatServer = getattr(self, stage)
        return own if own.base_url or own.api_key.get_secret_value() else self


class KubernetesSettings(Part):
    """Where jobs run. templates: folder of Job manifests, one `<service>.yaml` each."""

    namespace: str = Field("default", description="where jobs are made and pods are marked")
    templates: Path = Field(
        Path("/etc/pairmill/jobs"), description="folder of Job manifests, one SERVICE.yaml each"
    )
    release: str = Field("pairmill", description="name of the Helm release, as pods are labelled")


class ServerSettings(Part):
    """How a service is reached; anything but loopback needs a key (or `insecure`)."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(0, description="gRPC; 0: any free one")
    http_port: int = Field(0, description="JSON, probes and metrics; 0: any free one")
    api_key: SecretStr = Field(SecretStr(""), description="what callers must send; secret")
    insecure: bool = Field(False, description="allow an open address without a key")
    max_message_bytes: int = Field(
        8 * 2**20, ge=2**16, description="of one gRPC message, either way"
    )
    max_in_flight: int = Field(64, ge=1, description="calls at once; more are refused at once")
    drain_seconds: float = Field(
        0.0, ge=0, description="from not ready to refusing calls; lets a load balancer hear of it"
    )
    grace_seconds: float = Field(20.0, ge=0, description="for calls inside once told to stop")


class RetrieverSettings(Part):
    """Which checkpoint the retriever serves, and by which engine."""

    model: str = Field("", description="name of a model; empty: the only one there is")
    alias: str = Field(
        "latest", pattern="^[a-z0-9][a-z0-9._-]{0,63}$", description="which version of it"
    )
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
    cache: Path = Field(Path.home() / ".cache" / "pairmill", description="converted weights")
    commit_guard: Literal["objects", "ledger"] = Field(
        "objects", description="who refuses a second commit; ledger where the store cannot"
    )
    max_attempts: int = Field(3, ge=1, description="of a task, before it is a dead letter")
    lease_seconds: float = Field(
        300.0, gt=0, description="a claim not renewed for so long is a dead worker's"
    )
    backoff_seconds: float = Field(0.5, ge=0, description="after a failure; doubled with each more")

    objects: Literal["folder", "minio"] = Field(
        "folder", description="where all is kept; minio is any S3 endpoint"
    )
    queue: Literal["inline", "celery"] = Field(
        "inline", description="what rings for tasks; celery on Redis"
    )
    ledger: Literal["memory", "redis"] = Field("memory", description="who works on what")
    jobs: Literal["subprocess", "kubernetes"] = Field(
        "subprocess", description="what runs trainings and evaluations"
    )
    root: Path | None = Field(None, description="output folder, for objects=folder, and job logs")
    s3: S3Settings = S3Settings()
    redis: RedisSettings = RedisSettings()
    qdrant: QdrantSettings = QdrantSettings()
    chat: ChatSettings = ChatSettings()
    kubernetes: KubernetesSettings = KubernetesSettings()
    server: ServerSettings = ServerSettings()
    retriever: RetrieverSettings = RetrieverSettings()

    worker_name: str = Field("", description="who claims; a pod's own name; empty: host and pid")
    probe_host: str = Field("127.0.0.1", description="address that probes listen on")
    probe_port: int | None = Field(
        None, description="probes and metrics of a worker or coordinator; 0: any free one"
    )
    start_seconds: float = Field(
        60.0, ge=0, description="a server that refuses at the start is asked again for so long"
    )
    tick_seconds: float = Field(2.0, gt=0, description="how often the coordinator looks, at least")
    ring_again_seconds: float = Field(60.0, gt=0, description="a task rung for and never claimed")
    listing_seconds: float = Field(60.0, gt=0, description="for a submission's source, at most")
    num_rung: int = Field(32, ge=1, description="messages of one stage and run queued at once")

    def at(self, root: Path) -> "Settings":
        """Return the settings of an embedded run in an output folder."""
        return self.model_copy(update={"root": root.resolve()})


def read_settings() -> Settings:
    """Return what the environment says; ConfigError names every variable that is wrong.

    A value is repeated only where it cannot be a secret, which a misspelt name may hold.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = [_fault(dict(one)) for one in error.errors(include_url=False)]
        told = "; ".join(f"{name}: {what}" for name, what in faults)
        raise ConfigError(f"the environment is wrong: {told}", faults) from None
    except SettingsError as error:
        raise ConfigError(
            f"the environment is wrong: {error}: wanted JSON, or one variable for each value, "
            "such as PAIRMILL_S3__ENDPOINT"
        ) from None


def _fault(error: dict[str, Any]) -> tuple[str, str]:
    """Return the variable that is wrong, and what is wrong with it."""
    name, kind, said = "__".join(map(str, error["loc"])).upper(), error["type"], error["msg"]
    if kind == "extra_forbidden":
        said = "there is no such setting; wanted one that the docs list"
    elif kind == "literal_error" or kind.endswith("_parsing") or "_than" in kind:
        said = f"got {str(error['input'])[:80]!r}; {said[:1].lower()}{said[1:]}"
    return f"PAIRMILL_{name}", said
