"""`handraiser import` and `handraiser verify`."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app import clock, store
from app.background import settle_program
from app.cli.importing import import_events, import_partners
from app.cli.output import console
from app.cli.session import with_database
from app.db import Database
from app.services.verifying import Difference
from app.services.verifying import verify as verify_partners


def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="NDJSON (.ndjson, .jsonl) or CSV (.csv).")
    ],
    program: Annotated[str, typer.Option(help="The program to import into.")],
    kind: Annotated[str, typer.Option(help="What a line is: `events` or `partners`.")] = "events",
    source: Annotated[str, typer.Option(help="The source of events that name none.")] = "import",
) -> None:
    """Import events or partners; running it again with the same file changes nothing."""
    if kind not in {"events", "partners"}:
        raise typer.BadParameter("must be events or partners", param_hint="--kind")
    if kind == "events":
        refused = with_database(lambda db: import_events(db, program, file, source=source))
    else:
        refused = with_database(lambda db: import_partners(db, program, file))
    sys.exit(1 if refused else 0)


def verify(
    program: Annotated[str | None, typer.Option(help="One program only; all if absent.")] = None,
) -> None:
    """Rebuild tallies and scores from the ledger and report every difference; exit code 1 if there is any."""
    found = with_database(lambda db: _verify(db, program))
    sys.exit(1 if found else 0)


async def _verify(database: Database, only: str | None) -> int:
    programs = [only] if only else await database.read(store.programs.ids)
    differences: list[tuple[str, Difference]] = []
    for program in programs:
        await settle_program(database, program)
        differences += [(program, each) for each in await _differences(database, program)]
    _print(differences, programs=len(programs))
    return len(differences)


async def _differences(database: Database, program: str) -> list[Difference]:
    now = clock.now()
    after: str | None = ""
    found: list[Difference] = []
    while after is not None:
        some, after = await database.read(partial(verify_partners, program=program, after=after, now=now))
        found += some
    return found


def _print(differences: list[tuple[str, Difference]], *, programs: int) -> None:
    if not differences:
        console.print(
            f"[green]No difference[/green] between the ledger and what derives from it ({programs} programs)."
        )
        return
    table = Table(
        "program", "partner", "what", "stored", "from the ledger", title=f"{len(differences)} differences"
    )
    for program, each in differences[:100]:
        table.add_row(program, each.partner, each.what, str(each.stored), str(each.rebuilt))
    console.print(table)
