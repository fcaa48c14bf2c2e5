"""`handraiser rubric`: check a file, push it as the next version, make a version active."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from app import clock
from app.cli.output import console

RubricFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A rubric as YAML or JSON.")]
Program = Annotated[str, typer.Option(help="The program whose rubric it is.")]


def check(file: RubricFile) -> None:
    """Check a rubric, offline: every error at once; exit code 1 if there is any."""
    from app.scoring.reading import read_rubric

    rubric = read_rubric(file.read_bytes())
    console.print(
        f"[green]{file.name} is valid:[/green] {len(rubric.rules)} rules, {len(rubric.bands)} bands."
    )


def push(file: RubricFile, program: Program) -> None:
    """Store a rubric as the next version; the same content again is the version it had."""
    from app.cli.session import with_database
    from app.scoring.reading import read_rubric
    from app.services import rubrics

    rubric, now = read_rubric(file.read_bytes()), clock.now()
    stored = with_database(
        lambda db: db.write(lambda c: rubrics.store_rubric(c, program, rubric, by=getpass.getuser(), now=now))
    )
    console.print(f"Version [bold]{stored.version}[/bold] of {program} is stored ({stored.state}). Next:")
    console.print(f"  handraiser rubric activate {stored.version} --program {program}")


def activate(
    version: Annotated[int, typer.Argument(help="A stored version.")],
    program: Program,
    open_handoffs: Annotated[
        bool, typer.Option("--open-handoffs", help="Also open hand-offs for partners past the threshold now.")
    ] = False,
) -> None:
    """Score everything by a version, the past included."""
    from app.cli.session import with_database
    from app.services import rubrics

    now, by = clock.now(), getpass.getuser()
    stored = with_database(
        lambda db: db.write(
            lambda c: rubrics.activate(c, program, version, by=by, now=now, open_for_past=open_handoffs)
        )
    )
    console.print(f"Version [bold]{stored.version}[/bold] ({stored.name}) is active in {program}.")
