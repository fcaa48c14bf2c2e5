"""`handraiser import` and `handraiser verify`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer


def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="NDJSON (.ndjson, .jsonl) or CSV (.csv).")
    ],
    program: Annotated[str, typer.Option(help="The program to import into.")],
    kind: Annotated[Literal["events", "partners"], typer.Option(help="What a line is.")] = "events",
    source: Annotated[str, typer.Option(help="The source of events that name none.")] = "import",
) -> None:
    """Import events or partners; running it again with the same file changes nothing."""
    from app.cli.importing import import_events, import_partners
    from app.cli.session import with_database

    if kind == "events":
        refused = with_database(lambda db: import_events(db, program, file, source=source))
    else:
        refused = with_database(lambda db: import_partners(db, program, file))
    sys.exit(1 if refused else 0)


def verify(
    program: Annotated[str | None, typer.Option(help="One program only; all if absent.")] = None,
) -> None:
    """Rebuild tallies and scores from the ledger and report every difference; exit code 1 if there is any."""
    from app.cli.session import with_database
    from app.cli.verifying import differences

    found = with_database(lambda db: differences(db, program))
    sys.exit(1 if found else 0)
