"""Comparing everything derived with the ledger, and telling what differs."""

from functools import partial

from rich.table import Table

from app import clock, store
from app.background.housekeeping import settle_program
from app.cli.output import console
from app.db import Database
from app.services.verifying import Difference, verify

MOST_SHOWN = 100


async def differences(database: Database, only: str | None) -> int:
    """Print what differs in one program, or in all; how much it is."""
    programs = [only] if only else await database.read(store.programs.ids)
    found: list[tuple[str, Difference]] = []
    for program in programs:
        await settle_program(database, program)
        found += [(program, each) for each in await _of(database, program)]
    _print(found, programs=len(programs))
    return len(found)


async def _of(database: Database, program: str) -> list[Difference]:
    now = clock.now()
    after: str | None = ""
    found: list[Difference] = []
    while after is not None:
        some, after = await database.read(partial(verify, program=program, after=after, now=now))
        found += some
    return found


def _print(found: list[tuple[str, Difference]], *, programs: int) -> None:
    if not found:
        console.print(
            f"[green]No difference[/green] between the ledger and what it gives (programs: {programs})."
        )
        return
    table = Table(
        "program", "partner", "what", "stored", "from the ledger", title=f"{len(found)} differences"
    )
    for program, each in found[:MOST_SHOWN]:
        table.add_row(program, each.partner, each.what, str(each.stored), str(each.rebuilt))
    console.print(table)
