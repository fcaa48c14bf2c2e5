"""What came of the fortnight, for a person to read: who raised a hand, why, what to say, what next."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table

from app.demo.receiver import Message
from app.demo.stream import Batch

DOCUMENT = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """What went in and what came out."""

    partners: int
    contacts: int
    batches: list[Batch]
    statuses: Counter[str]
    parked: int
    handoffs: list[DOCUMENT]
    close_behind: list[DOCUMENT]
    messages: list[Message]
    refused: int


def print_account(console: Console, account: Account) -> None:
    """The whole account, top to bottom."""
    console.print(Rule("What went in"))
    console.print(_what_went_in(account))
    console.print(Rule(f"{len(account.handoffs)} of {account.partners} partners raised a hand"))
    console.print(_handoffs(account.handoffs))
    console.print(_close_behind(account.close_behind))
    if account.handoffs:
        console.print(_first_call(account.handoffs[0]))
    console.print(Rule("What the webhook receiver got"))
    console.print(_webhooks(account))


def print_next_steps(console: Console, account: Account, *, base_url: str, key: str) -> None:
    """What to try on the service while it runs: lines to paste into a shell."""
    get, post = 'curl -sS -H "$AUTH"', "curl -sS -H \"$AUTH\" -H 'Content-Type: application/json' -d"
    steps = [
        ("Once in a shell", f"URL={base_url} AUTH='Authorization: Bearer {key}'"),
        ("Who waits for a call", f'{get} "$URL/v1/handoffs?state=open"'),
        *_first_steps(account.handoffs, get, post=post),
        ("Who is parked", f"{get} $URL/v1/events/parked"),
        ("What was sent", f"{get} $URL/v1/deliveries"),
        ("Every route", f"{base_url}/docs"),
    ]
    console.print(Rule("Where to look next"))
    # No wrapping: a broken line could not be pasted.
    lines = "\n".join(f"  [bold]{title:21}[/] {escape(command)}" for title, command in steps)
    console.print(lines, soft_wrap=True, highlight=False)


def _first_steps(handoffs: list[DOCUMENT], get: str, *, post: str) -> list[tuple[str, str]]:
    if not handoffs:
        return []
    partner, handoff = handoffs[0]["partner"]["id"], f"$URL/v1/handoffs/{handoffs[0]['id']}"
    return [
        ("Why this score", f"{get} $URL/v1/partners/{partner}/score"),
        ("From which events", f'{get} "$URL/v1/events?partner={partner}"'),
        ("Take the call", f"""{post} '{{"by": "you@vendor.example"}}' {handoff}/claim"""),
        ("Say how it went", f"""{post} '{{"outcome": "converted", "value": 12000}}' {handoff}/close"""),
    ]


def _what_went_in(account: Account) -> RenderableType:
    mails = [item for batch in account.batches if batch.feed == "sendgrid" for item in batch.items]
    machine = sum(item.get("sg_machine_open", False) for item in mails)
    posts = Counter(batch.feed for batch in account.batches)
    return _facts(
        (account.partners, f"partners with {account.contacts} contacts, owned by the reps who mail them"),
        (
            posts["sendgrid"],
            f"signed SendGrid batches with {len(mails):,} items, as SendGrid posts them to /in/...",
        ),
        (
            posts["events"],
            f"posts to /v1/events with {account.statuses.total():,} page views, webinars and badge scans",
        ),
        (machine, "opens flagged as a machine's: kept in the ledger, worth nothing"),
        (
            account.statuses["duplicate"],
            "of our own events came twice, as did some SendGrid batches: counted once",
        ),
        (
            account.parked,
            "events of people whom no partner is known for: parked until their contact or domain is",
        ),
    )


def _facts(*facts: tuple[int, str]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="bold cyan")
    table.add_column()
    for number, sentence in facts:
        table.add_row(f"{number:,}", sentence)
    return Padding(table, (0, 2, 1, 2))


def _handoffs(handoffs: list[DOCUMENT]) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for heading in ("Partner", "Grade", "Score", "Call by", "Why"):
        table.add_column(heading, justify="right" if heading == "Score" else "left")
    for each in handoffs:
        owner = (each["owner"] or "anyone").partition("@")[0]
        name = f"[bold]{escape(each['partner']['name'] or each['partner']['id'])}[/]"
        table.add_row(name, each["grade"], f"{each['score']:.1f}", escape(owner), _why(each["lines"]))
    return Padding(table, (0, 2, 1, 2))


def _why(lines: list[DOCUMENT]) -> str:
    weighty = sorted((line for line in lines if line["faded_points"]), key=lambda line: -line["faded_points"])
    return ", ".join(f"{escape(line['rule'])} {line['faded_points']:.1f}" for line in weighty)


def _close_behind(partners: list[DOCUMENT]) -> RenderableType:
    names = ", ".join(f"{escape(each['name'] or each['id'])} {each['score']:.1f}" for each in partners)
    return Padding(f"Close behind, and left in peace: {names}.", (0, 2, 1, 2))


def _first_call(handoff: DOCUMENT) -> RenderableType:
    """The most urgent hand-off in full: the arithmetic, and what a caller can say."""
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for heading in ("Rule", "Happened", "Counted", "Points", "Weigh today", "Last"):
        table.add_column(heading, justify="left" if heading in {"Rule", "Last"} else "right")
    for line in handoff["lines"]:
        numbers = (line["occurrences"], line["counted"], f"{line['points']:g}", f"{line['faded_points']:.3f}")
        table.add_row(escape(line["rule"]), *map(str, numbers), line["last_day"] or "")
    table.add_row("", "", "", "", f"[bold]{handoff['score']:.3f}[/]", f"threshold {handoff['threshold']:g}")
    said = [f"- {escape(point)}" for point in handoff["talking_points"]]
    name = escape(handoff["partner"]["name"] or handoff["partner"]["id"])
    body = Group(table, "", "[bold]What to say[/]", *said, "", f"[dim]Due {handoff['due_at']}[/]")
    return Padding(Panel(body, title=f"First call: {name}", title_align="left", expand=False), (0, 1, 1, 1))


def _webhooks(account: Account) -> RenderableType:
    opened = {each.data["id"] for each in account.messages if each.type == "handoff.opened"}
    missing = [each["id"] for each in account.handoffs if each["id"] not in opened]
    verified = f"[green]{len(account.messages)} messages whose signature verified (Standard Webhooks)[/]"
    refused = f"[{'red' if account.refused else 'green'}]{account.refused} whose signature did not[/]"
    verdict = [f"{verified}, {refused}."]
    if missing:
        verdict.append(f"[red]Not announced in time: {', '.join(missing)}. See GET /v1/deliveries.[/]")
    return Padding(Group(*verdict, *map(message_line, account.messages)), (0, 2, 1, 2))


def message_line(message: Message) -> str:
    """One webhook message in one line."""
    partner = message.data.get("partner") or {}
    name = escape(str(partner.get("name") or partner.get("id") or ""))
    return f"[cyan]{message.type}[/] {name} [dim]{message.id}[/]"
