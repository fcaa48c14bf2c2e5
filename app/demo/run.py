"""Plays the fortnight against a running service, over nothing but HTTP, and tells what came of it."""

import asyncio
from collections import Counter
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.progress import track

from app.demo.account import Account, message_line, print_account
from app.demo.client import Api
from app.demo.mail import Mailer
from app.demo.receiver import Receiver
from app.demo.stream import Batch, fortnight
from app.demo.world import Contact, Partner, make_partners

SEED = 20
RUBRIC = files("app.demo").joinpath("rubric.yaml").read_text(encoding="utf-8")
WEBHOOK_TYPES = ("handoff.opened", "handoff.claimed", "handoff.released", "handoff.snoozed", "handoff.closed")
PARALLEL = 8
WEBHOOK_SECONDS = 60.0


async def run(
    base_url: str, admin_key: str, *, now: datetime, console: Console, receiver: Receiver, seed: int = SEED
) -> Account:
    """Play it, print the account and return it; messages that come later are printed as they come.

    The program must be fresh, and the service must be allowed to call 127.0.0.1. Raises DemoFailed.
    """
    partners = make_partners(seed)
    batches = fortnight(partners, now=now, seed=seed)
    mailer = Mailer()
    async with Api(base_url, admin_key) as api:
        await _set_up(api, partners, receiver=receiver)
        source = await _add_source(api, mailer)
        counts = await _replay(api, batches, mailer=mailer, source=source, console=console)
        account = await _take_stock(api, receiver, batches=batches, partners=partners, counts=counts)
    print_account(console, account)
    receiver.on_message = lambda message: console.print(message_line(message))
    return account


async def _set_up(api: Api, partners: list[Partner], *, receiver: Receiver) -> None:
    webhook = {"url": receiver.url, "types": WEBHOOK_TYPES, "description": "The demo's own receiver"}
    receiver.secret = (await api.post("/v1/webhooks", webhook))["secret"]
    version = (await api.post_yaml("/v1/rubrics", RUBRIC))["version"]
    await api.post(f"/v1/rubrics/{version}/activate", {"open_handoffs": False})
    await api.post("/v1/partners/batch", [partner.document() for partner in partners])
    await _put_contacts(api, [contact for partner in partners for contact in partner.contacts])


async def _put_contacts(api: Api, contacts: list[Contact]) -> None:
    slots = asyncio.Semaphore(PARALLEL)

    async def put(contact: Contact) -> None:
        async with slots:
            await api.put(f"/v1/contacts/{quote(contact.id, safe='')}", contact.document())

    async with asyncio.TaskGroup() as tasks:
        for contact in contacts:
            tasks.create_task(put(contact))


async def _add_source(api: Api, mailer: Mailer) -> dict[str, Any]:
    document = {
        "kind": "sendgrid",
        "name": "Newsletter",
        "secrets": [mailer.verification_key],
        "settings": {},
    }
    source: dict[str, Any] = await api.post("/v1/sources", document)
    return source


async def _replay(
    api: Api, batches: list[Batch], *, mailer: Mailer, source: dict[str, Any], console: Console
) -> Counter[str]:
    """Post every batch in turn; how many of our own events had which status."""
    counts: Counter[str] = Counter()
    for batch in track(batches, "Playing the fortnight", console=console, transient=True):
        if batch.feed == "sendgrid":
            body, headers = mailer.request(batch.items, batch.at)
            await api.deliver(f"/in/{source['key']}", body, headers=headers)
        else:
            answer = await api.post("/v1/events", batch.items)
            counts.update(result["status"] for result in answer["results"])
    return counts


async def _take_stock(
    api: Api, receiver: Receiver, *, batches: list[Batch], partners: list[Partner], counts: Counter[str]
) -> Account:
    listed = (await api.get("/v1/handoffs", state="open", limit=200))["items"]
    handoffs = [await api.get(f"/v1/handoffs/{each['id']}") for each in listed]
    await receiver.handoffs_opened({each["id"] for each in handoffs}, seconds=WEBHOOK_SECONDS)
    ranked = (await api.get("/v1/partners", sort="-score", limit=len(handoffs) + 3))["items"]
    called = {each["partner"]["id"] for each in handoffs}
    return Account(
        partners=len(partners),
        contacts=sum(len(partner.contacts) for partner in partners),
        batches=batches,
        statuses=counts,
        parked=len((await api.get("/v1/events/parked", limit=200))["items"]),
        handoffs=handoffs,
        close_behind=[each for each in ranked if each["id"] not in called][:3],
        messages=list(receiver.messages.values()),
        refused=receiver.refused,
    )
