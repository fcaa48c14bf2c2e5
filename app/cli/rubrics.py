"""`handraiser rubric`: check a file, push it, compare, preview, activate, roll back."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from app import clock
from app.cli.output import console

RubricFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A rubric as YAML or JSON.")]
Program = Annotated[str, typer.Option(help="The program whose rubric it is.")]
Version = Annotated[int, typer.Argument(min=1, help="A stored version.")]


def check(file: RubricFile) -> None:
    """Check a rubric, offline: every error at once; exit code 1 if there is any."""
    from app.scoring.reading import read_rubric

    rubric = read_rubric(file.read_bytes())
    console.print(
        f"[green]{file.name} is valid:[/green] {len(rubric.rules)} rules, {len(rubric.bands)} bands."
    )


def push(
    file: RubricFile,
    program: Program,
    note: Annotated[str | None, typer.Option(help="Why this version, for those who come after.")] = None,
) -> None:
    """Store a rubric as the next version; the same content again is the version it had."""
    from app.cli.session import with_database
    from app.scoring.reading import read_rubric
    from app.services import rubrics

    rubric, now, by = read_rubric(file.read_bytes()), clock.now(), getpass.getuser()
    stored = with_database(
        lambda db: db.write(lambda c: rubrics.store_rubric(c, program, rubric, by=by, now=now, note=note))
    )
    console.print(f"Version [bold]{stored.version}[/bold] of {program} is stored ({stored.state}). Next:")
    console.print(f"  handraiser rubric preview {stored.version} --program {program}")


def diff(old: Version, new: Version, program: Program) -> None:
    """Say what differs between two versions, in the words of the rubric."""
    from app.cli.session import with_database
    from app.services import rubrics

    found = with_database(lambda db: db.read(lambda c: rubrics.diff_rubrics(c, program, old, new)))
    for line in found.text or ["The two are equal."]:
        console.print(line, markup=False)


def preview(
    version: Version,
    program: Program,
    as_of: Annotated[str | None, typer.Option(help="A past day, YYYY-MM-DD; today if absent.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the preview as JSON.")] = False,
) -> None:
    """Show whom a version would put into the call queue or take out, before it goes live."""
    from app.cli.previewing import run_preview
    from app.cli.session import with_database

    with_database(lambda db: run_preview(db, program, version, as_of=as_of, as_json=json))


def activate(
    version: Version,
    program: Program,
    open_handoffs: Annotated[
        bool, typer.Option("--open-handoffs", help="Also hand off partners that are past the threshold now.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, best first.")] = None,
) -> None:
    """Score everything by a version, the past included, while events keep arriving."""
    from app.cli.activating import run_activation
    from app.cli.session import with_database
    from app.services.activating import Opening

    opening = Opening(open_handoffs, limit)
    with_database(lambda db: run_activation(db, program, version, opening=opening))


def rollback(program: Program) -> None:
    """Make the version active again that was active before."""
    from app.cli.activating import run_rollback
    from app.cli.session import with_database

    with_database(lambda db: run_rollback(db, program))


def drop(version: Version, program: Program) -> None:
    """Delete a draft."""
    from app.cli.session import with_database
    from app.services import rubrics

    with_database(lambda db: db.write(lambda c: rubrics.drop_rubric(c, program, version)))
    console.print(f"Version {version} of {program} is gone.")


def prune(program: Program) -> None:
    """Forget the tallies of signals that no stored rubric uses any more."""
    from app.cli.session import with_database
    from app.services import rubrics

    pruned = with_database(lambda db: db.write(lambda c: rubrics.prune_signals(c, program)))
    console.print(f"Signals forgotten: {pruned}.")
