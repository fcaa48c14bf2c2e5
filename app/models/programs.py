"""Programs, the keys that open them, and what was answered to requests with an Idempotency-Key."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from app.models.base import Big, UtcDateTime, metadata

programs = Table(
    "program",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("active_rubric", Integer, comment="version; null until the first is activated"),
    Column("landmark", Integer, comment="day number that stored scores are weighted to"),
    Column("settled_day", Integer, comment="day number up to which fading has been settled"),
    Column("building", Integer, comment="version whose scores are being built beside the live ones"),
    Column("build_day", Integer, comment="day number that those are weighted to"),
    Column("stamp", String, nullable=False, comment="a new one whenever what events are counted by changes"),
    Column(
        "internal_contacts",
        JSON,
        nullable=False,
        server_default="[]",
        comment="addresses and domains of the house, whose events do not count",
    ),
    Column("created_at", UtcDateTime, nullable=False),
    Column("kept_from", UtcDateTime, comment="events before it are pruned, and refused"),
)

# Its own table: writers of one program queue on this row for the tail of their transaction, which is
# what makes positions appear in commit order, while `program` stays free to be read-locked.
feeds = Table(
    "feed",
    metadata,
    Column("program", ForeignKey("program.id"), primary_key=True),
    Column("position", Big, nullable=False),
    Column("queue", Big, nullable=False, comment="of the latest change to the queue of hand-offs"),
)

keys = Table(
    "api_key",
    metadata,
    Column("id", String, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("digest", String, nullable=False, unique=True, comment="SHA-256 of the key, hex"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index(None, "program"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("program", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False, comment="SHA-256 of method, path and body, hex"),
    Column("status", Integer),
    Column("answer", LargeBinary, comment="encrypted: it may show a secret"),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)
