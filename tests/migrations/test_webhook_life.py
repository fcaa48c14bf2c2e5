"""Webhooks, their secrets and what they are owed survive the way down and up."""

from sqlalchemy import select, text

from app import store
from app.migrate import compare, downgrade, upgrade
from app.models import deliveries
from app.services.webhooks import WebhookSettings, create_webhook, delete_webhook, rotate_secret
from tests.delivery.owing import VAULT
from tests.support.play import NOON, Play, rows_of, sqlite_run

BEFORE = "7d1c0a52e9b4"


def test_secrets_and_deliveries_survive(sqlite_url: str) -> None:
    """Shown to fail by a migration that gives no health to webhooks that are there already."""
    with sqlite_run(sqlite_url) as run:
        Play(run)
        wanted = WebhookSettings("https://crm.example/", ["handoff.opened"])
        made = run(lambda c: create_webhook(c, VAULT, "acme", wanted, now=NOON))
        new = run(lambda c: rotate_secret(c, VAULT, "acme", made.id, expire_previous=False, now=NOON))
        row = {
            "id": "msg_1",
            "program": "acme",
            "webhook": made.id,
            "type": "handoff.opened",
            "partner": "p1",
        }
        owed = row | {"sequence": 1, "body": "{}", "created_at": NOON, "due_at": NOON}
        run(lambda c: store.deliveries.add(c, [owed]))

        deleted = run(lambda c: create_webhook(c, VAULT, "acme", wanted, now=NOON))
        run(lambda c: store.deliveries.add(c, [owed | {"id": "msg_2", "webhook": deleted.id}]))
        run(lambda c: delete_webhook(c, "acme", deleted.id, now=NOON))

        downgrade(sqlite_url, BEFORE)
        [sealed] = run(lambda c: c.execute(text("SELECT secret FROM webhook")).scalars().all())
        assert VAULT.open(sealed) == new.secret

        upgrade(sqlite_url)
        compare(sqlite_url)
        [kept] = run(lambda c: store.webhooks.secrets_of(c, [made.id], now=NOON))[made.id]
        assert VAULT.open(kept.secret) == new.secret
        assert rows_of(run, select(deliveries.c.id, deliveries.c.state, deliveries.c.lost)) == [
            ("msg_1", "owed", 0)
        ]
        assert run(lambda c: store.webhook_health.of(c, [made.id]))[made.id].failures == 0
