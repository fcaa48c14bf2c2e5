"""Activating a version from the command line, with a progress bar."""

import getpass
from functools import partial

from rich.progress import Progress, TaskID

from app import clock
from app.background.activation import build
from app.cli.output import console, errors
from app.db import Database
from app.services.activating import Opening, switch
from app.services.rubrics import previous_version


async def run_activation(database: Database, program: str, version: int, *, opening: Opening) -> None:
    """Build beside the live scores, then switch."""
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task("building", total=1.0)
        await build(database, program, version, tell=partial(_tell, progress, task))
    now, by = clock.now(), getpass.getuser()
    stored = await database.write(lambda c: switch(c, program, version, by=by, now=now, opening=opening))
    console.print(f"Version [bold]{stored.version}[/bold] ({stored.name}) is active in {program}.")


def _tell(progress: Progress, task: TaskID, what: str, done: float) -> None:
    progress.update(task, description=what, completed=done)


async def run_rollback(database: Database, program: str) -> None:
    """Activate the version that was active before; no hand-off opens."""
    version = await database.read(lambda c: previous_version(c, program))
    await run_activation(database, program, version, opening=Opening())
