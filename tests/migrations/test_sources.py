"""Sources and what they were owed survive the way up to requests with an outcome, and down again."""

import json

from sqlalchemy import text

from app import store
from app.migrate import compare, downgrade, upgrade
from tests.support.play import NOON, sqlite_run

BEFORE = "c93e5b7f10a2"
OLD_PROGRAM = text("INSERT INTO program (id, name, created_at) VALUES ('acme', 'Acme', :now)")
OLD_SOURCE = text(
    "INSERT INTO source (id, program, kind, name, key_digest, secrets, settings, created_at)"
    " VALUES ('src_1', 'acme', 'sendgrid', 'Old', 'd', x'00', '{}', :now)"
)
OLD_REQUEST = text(
    "INSERT INTO source_request (source, n, program, received_at, body, refused)"
    " VALUES ('src_1', :n, 'acme', :now, :body, :refused)"
)


def test_rows_of_before(sqlite_url: str) -> None:
    downgrade(sqlite_url, BEFORE)
    with sqlite_run(sqlite_url) as run:
        now = NOON.isoformat(sep=" ")
        run(lambda c: c.execute(OLD_PROGRAM, {"now": now}))
        run(lambda c: c.execute(OLD_SOURCE, {"now": now}))
        rows = [
            {"n": n, "now": now, "body": b"[{}]", "refused": json.dumps(reasons)}
            for n, reasons in ((1, ["no id"]), (2, ["no id", "no time"]))
        ]
        run(lambda c: c.execute(OLD_REQUEST, rows))
    upgrade(sqlite_url)
    compare(sqlite_url)
    with sqlite_run(sqlite_url) as run:
        assert run(lambda c: store.sources.by_id(c, "src_1")).requests == 2
        kept = run(lambda c: store.source_requests.hold(c, "src_1", 2))
        assert (kept.status, kept.items, kept.counted) == ("quarantined", 2, [])
        assert kept.refused == [{"reason": each, "item": None} for each in ("no id", "no time")]
    downgrade(sqlite_url, BEFORE)
    with sqlite_run(sqlite_url) as run:
        stored = run(
            lambda c: c.execute(text("SELECT refused FROM source_request ORDER BY n")).scalars().all()
        )
        assert [json.loads(each) for each in stored] == [["no id"], ["no id", "no time"]]
