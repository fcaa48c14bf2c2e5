"""`handraiser program` and `handraiser key`."""

from typing import Annotated

import typer

from app import clock
from app.cli.output import console
from app.cli.session import with_database
from app.errors import FieldError, Invalid
from app.services import programs


def create_program(
    program: Annotated[str, typer.Argument(help="Its id: lower-case letters, digits, - and _.")],
    name: Annotated[str | None, typer.Option(help="What people call it; the id if absent.")] = None,
) -> None:
    """Create a program."""
    now = clock.now()
    made = with_database(
        lambda db: db.write(lambda c: programs.create_program(c, program, name or program, now=now))
    )
    console.print(f"Program [bold]{made.id}[/bold] created. Next:")
    console.print(f"  handraiser key create --program {made.id} --scope admin")


def create_key(
    program: Annotated[str, typer.Option(help="The program it opens.")],
    scope: Annotated[list[str], typer.Option(help=f"One of {', '.join(programs.SCOPES)}; repeatable.")],
    name: Annotated[str, typer.Option(help="Events sent with it come from this source.")] = "command-line",
) -> None:
    """Create a key and print its secret, this once, alone on standard output."""
    unknown = sorted(set(scope) - set(programs.SCOPES))
    if unknown:
        message = f"{unknown[0]!r} is not one of {', '.join(programs.SCOPES)}"
        raise Invalid("There is no such scope.", errors=[FieldError("scope", message)])
    now = clock.now()
    made = with_database(
        lambda db: db.write(lambda c: programs.create_key(c, program, name, scopes=scope, now=now))
    )
    typer.echo(made.secret)
