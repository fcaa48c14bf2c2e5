"""`handraiser import`, `handraiser export`, `handraiser verify` and `handraiser prune`."""

import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

Since = Annotated[datetime | None, typer.Option(help="Crossed then or later, in UTC.")]
Until = Annotated[datetime | None, typer.Option(help="Crossed before then, in UTC.")]


def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="NDJSON (.ndjson, .jsonl) or CSV (.csv).")
    ],
    program: Annotated[str, typer.Option(help="The program to import into.")],
    kind: Annotated[
        Literal["events", "partners", "handoffs"], typer.Option(help="What a line is.")
    ] = "events",
    source: Annotated[str, typer.Option(help="The source of events that name none.")] = "import",
) -> None:
    """Import events, partners, or outcomes of hand-offs; again with the same file it changes nothing."""
    from app.cli.importing import import_events, import_handoffs, import_partners
    from app.cli.session import with_database

    if kind == "events":
        refused = with_database(lambda db: import_events(db, program, file, source=source))
    elif kind == "partners":
        refused = with_database(lambda db: import_partners(db, program, file))
    else:
        by = getpass.getuser()
        refused = with_database(lambda db: import_handoffs(db, program, file, by=by))
    sys.exit(1 if refused else 0)


def export_handoffs(
    program: Annotated[str, typer.Option(help="The program to export from.")],
    format_: Annotated[Literal["ndjson", "csv"], typer.Option("--format", help="What to write.")] = "ndjson",
    since: Since = None,
    until: Until = None,
    state: Annotated[
        Literal["waiting", "open", "claimed", "snoozed", "closed"] | None,
        typer.Option(help="Only those in this state; all if absent."),
    ] = None,
) -> None:
    """Write hand-offs to standard output, in the order in which they crossed the threshold."""
    from app.cli.exporting import write_handoffs
    from app.cli.session import with_database
    from app.store.handoff_files import Wanted

    wanted = Wanted(_in_utc(since), _in_utc(until), state)
    with_database(lambda db: write_handoffs(db, program, wanted, format_, to=sys.stdout))


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def verify(
    program: Annotated[str | None, typer.Option(help="One program only; all if absent.")] = None,
) -> None:
    """Rebuild tallies and scores from the ledger and report every difference; exit code 1 if there is any."""
    from app.cli.session import with_database
    from app.cli.verifying import differences

    found = with_database(lambda db: differences(db, program))
    sys.exit(1 if found else 0)


def prune(
    older_than: Annotated[int, typer.Option(min=30, help="Days; events of earlier ones leave the ledger.")],
    program: Annotated[str | None, typer.Option(help="One program only; all if absent.")] = None,
) -> None:
    """Delete old events from the ledger; tallies and scores stay, and so do the sums that decide them."""
    from app.cli.pruning import prune_ledgers
    from app.cli.session import with_database

    with_database(lambda db: prune_ledgers(db, program, days=older_than))
