"""Everything that can be set, read from HANDRAISER_* environment variables or a .env file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

# Standard Webhooks' recommended delays: ten attempts over about three days (75 h 35 min).
RETRY_SCHEDULE = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


class Settings(BaseSettings):
    """The configuration of one process."""

    model_config = SettingsConfigDict(
        env_prefix="HANDRAISER_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    database_url: str = Field(
        "sqlite:///data/handraiser.db",
        description="SQLAlchemy URL: `sqlite:///path` or `postgresql://user:password@host/database`.",
    )
    operator_key: SecretStr | None = Field(
        None, description="The operator's key: may create programs and keys, and act in any program."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Encrypts webhook secrets at rest: 32 bytes in base64. With SQLite one is generated "
        "beside the database file (mode 600); with PostgreSQL it must be set.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Where this service is reached from outside; used in links."
    )
    webhook_allow_cidrs: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Private networks that webhooks may reach, comma-separated. Never opens metadata."
    )
    webhook_retry_schedule: Annotated[tuple[float, ...], NoDecode] = Field(
        RETRY_SCHEDULE,
        description="Seconds to wait before each attempt, comma-separated; the first is made at once.",
    )
    webhook_timeout: float = Field(15.0, gt=0, le=60, description="Seconds one attempt may take in all.")
    webhook_lease: float = Field(60.0, gt=0, description="Seconds a worker owns a delivery it has claimed.")
    webhook_concurrency: int = Field(64, ge=1, le=1024, description="Attempts at once in each process.")
    webhook_disable_after: float = Field(
        5 * 24 * 3600.0, gt=0, description="Seconds without a success after which a webhook is disabled."
    )
    keep_events_days: int | None = Field(
        None,
        ge=30,
        description="Days after which events are pruned from the ledger; what they came to stays. "
        "Unset: never.",
    )
    keep_delivered_days: float = Field(
        90, gt=0, description="Days after which delivered messages are forgotten; others never are."
    )
    keep_attempts_days: float = Field(30, gt=0, description="Days after which attempts are forgotten.")
    body_limit: int = Field(1024 * 1024, ge=1024, description="Bytes a request body may have.")
    ndjson_limit: int = Field(16 * 1024 * 1024, ge=1024, description="Bytes an NDJSON body may have.")
    bodies_limit: int = Field(
        256 * 1024 * 1024,
        ge=1024,
        description="Bytes of request bodies that one process holds at once, until they are answered; "
        "beyond it 429.",
    )
    queue_limit: int = Field(
        100_000,
        ge=1,
        description="Events that may wait for a commit in one process; beyond it 429. One program gets half.",
    )
    inbox_limit: int = Field(
        100, ge=1, description="Requests of sources that may be worked on in one process; beyond it 429."
    )
    keep_requests_days: float = Field(
        30, gt=0, description="Days after which requests of sources are forgotten, if all was understood."
    )
    rate_limit: float = Field(0, ge=0, description="Requests per second and key; 0 is off.")
    key_cache_seconds: float = Field(
        2.0, ge=0, description="How long another process may honour a key after it was revoked."
    )
    stream_heartbeat: float = Field(
        15.0, gt=0, le=300, description="Seconds after which a stream that has nothing to tell says so."
    )
    stream_limit: int = Field(
        1000, ge=1, description="Streams one process may have open; beyond it 429. Each takes a file handle."
    )
    log_format: Literal["console", "json"] = Field("console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The lowest level shown."
    )

    @field_validator("webhook_allow_cidrs", "webhook_retry_schedule", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("webhook_retry_schedule")
    @classmethod
    def _schedule(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or any(delay < 0 for delay in value):
            raise ValueError("at least one delay, none negative")
        return value

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url.startswith("sqlite")

    @property
    def data_folder(self) -> Path:
        """The folder of the embedded database file; the working folder's `data` otherwise."""
        if not self.is_sqlite:
            return Path("data")
        return Path(self.database_url.split("///", 1)[1].split("?")[0]).parent
