"""`handraiser program` and `handraiser key`."""

from typing import Annotated

import typer

from app import clock
from app.cli.output import console


def create_program(
    program: Annotated[str, typer.Argument(help="Its id: lower-case letters, digits, - and _.")],
    name: Annotated[str | None, typer.Option(help="What people call it; the id if absent.")] = None,
) -> None:
    """Create a program."""
    from app.cli.session import with_database
    from app.services import programs

    now = clock.now()
    made = with_database(
        lambda db: db.write(lambda c: programs.create_program(c, program, name or program, now=now))
    )
    console.print(f"Program [bold]{made.id}[/bold] created. Next:")
    console.print(f"  handraiser key create --program {made.id} --scope admin")


def create_key(
    program: Annotated[str, typer.Option(help="The program it opens.")],
    scope: Annotated[
        list[str], typer.Option(help="events:write, read, handoffs:write or admin; repeatable.")
    ],
    name: Annotated[str, typer.Option(help="Events sent with it come from this source.")] = "command-line",
) -> None:
    """Create a key and print its secret, this once, alone on standard output."""
    from app.cli.session import with_database
    from app.services import programs

    now = clock.now()
    made = with_database(
        lambda db: db.write(lambda c: programs.create_key(c, program, name, scopes=scope, now=now))
    )
    typer.echo(made.secret)
