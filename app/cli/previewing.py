"""A preview on the command line: a progress bar, then tables and a histogram, or JSON."""

from datetime import date
from typing import Any

import typer
from rich.progress import Progress
from rich.table import Table

from app import clock
from app.background.previews import make_preview
from app.cli.output import console, errors
from app.db import Database
from app.errors import FieldError, Invalid
from app.services.previewing import Preview, get_preview, start_preview

SHOWN = 20
BAR = 40


async def run_preview(
    database: Database, program: str, version: int, *, as_of: str | None, as_json: bool
) -> None:
    """Make a preview and print it. Raises NotFound and Invalid."""
    day, now = _day(as_of), clock.now()
    key = await database.write(lambda c: start_preview(c, program, version, as_of=day, now=now))
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task("counting", total=1.0)
        await make_preview(
            database, key, tell=lambda what, done: progress.update(task, description=what, completed=done)
        )
    preview = await database.read(lambda c: get_preview(c, program, version, as_of=day))
    if as_json:
        typer.echo(preview.model_dump_json(indent=2))
    else:
        _print(preview.model_dump(mode="json"), preview)


def _day(as_of: str | None) -> date | None:
    try:
        return date.fromisoformat(as_of) if as_of else None
    except ValueError as error:
        raise Invalid("The day is not one.", errors=[FieldError("as-of", "must be YYYY-MM-DD")]) from error


def _print(found: dict[str, Any], preview: Preview) -> None:
    against = f"version {preview.active_version}" if preview.active_version else "no rubric"
    console.print(
        f"[bold]Version {preview.rubric_version}[/bold] against {against}, as of {preview.as_of}, "
        f"{found['partners']:,} partners."
    )
    console.print(_shares("band", found["bands"]))
    console.print(_shares("grade", found["grades"]))
    console.print(_histogram(found["histogram"]))
    for side, title in (("entering", "would enter the queue"), ("leaving", "would leave it")):
        console.print(_passing(title, found[side]))
    if found["outcomes"]["outcomes"]:
        console.print(_outcomes(found["outcomes"]["outcomes"]))


def _shares(what: str, shares: list[dict[str, Any]]) -> Table:
    table = Table(what, "before", "after", "change")
    for each in shares:
        change = each["after"] - each["before"]
        table.add_row(each[what] or "(none)", f"{each['before']:,}", f"{each['after']:,}", f"{change:+,}")
    return table


def _histogram(bins: list[dict[str, Any]]) -> Table:
    most = max((max(each["before"], each["after"]) for each in bins), default=0) or 1
    table = Table("score from", "before", "after", "")
    for each in bins:
        bars = "\n".join("#" * round(BAR * each[when] / most) for when in ("before", "after"))
        table.add_row(f"{each['from']:g}", f"{each['before']:,}", f"{each['after']:,}", bars)
    return table


def _passing(title: str, passing: dict[str, Any]) -> Table:
    table = Table("partner", "name", "before", "after", title=f"{passing['count']:,} {title}")
    for each in passing["items"][:SHOWN]:
        table.add_row(each["partner"], each["name"] or "", f"{each['before']:g}", f"{each['after']:g}")
    return table


def _outcomes(outcomes: list[dict[str, Any]]) -> Table:
    table = Table("outcome", "closed", "would be handed off", "days earlier", title="Hand-offs replayed")
    for each in outcomes:
        earlier = "" if each["days_earlier"] is None else f"{each['days_earlier']:+g}"
        table.add_row(each["outcome"], f"{each['closed']:,}", f"{each['handed_off']:,}", earlier)
    return table
