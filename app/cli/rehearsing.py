"""A rehearsal on the command line: what is read from files and options, and how it is shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.cli.output import console
from app.documents.plain import Unreadable, plain_data
from app.errors import FieldError, Invalid
from app.services.source_rehearsal import SourceRehearsal
from app.sources.event import NewEvent


def read_mapping_file(file: Path | None) -> str | None:
    """The mapping as it is written. Raises Invalid."""
    try:
        return file.read_text("utf-8-sig") if file else None
    except UnicodeDecodeError as error:
        raise Invalid("The mapping must be text in UTF-8.") from error


def read_settings(file: Path | None) -> dict[str, Any] | None:
    """Settings, as YAML or JSON. Raises Invalid."""
    if file is None:
        return None
    try:
        found = plain_data(file.read_bytes())
    except Unreadable as error:
        raise Invalid(f"The settings {error}.") from error
    if not isinstance(found, dict):
        raise Invalid("The settings must be names with values.")
    return found


def pairs(given: Sequence[str] | None, separator: str, option: str) -> dict[str, str]:
    """Names and values of a repeatable option. Raises Invalid."""
    bad = [each for each in given or () if separator not in each]
    if bad:
        message = f"must have a {separator!r} between name and value"
        raise Invalid(f"{bad[0]!r} says nothing.", errors=[FieldError(option, message)])
    split = (each.partition(separator) for each in given or ())
    return {name.strip(): value.strip() for name, _, value in split}


def print_rehearsal(found: SourceRehearsal, *, is_secret_given: bool) -> None:
    """Everything a person wants to know, the events first."""
    for event in found.events:
        _print_event(f"{event.path} becomes {event.type}", event, event.why)
    for attendance in found.attendances:
        _print_event(f"Part of one {attendance.type}, so far", attendance, {})
    for error in found.errors:
        console.print(f"[red]{error.path} is refused:[/red] ", end="")
        console.print(error.message, markup=False)
        if error.item:
            console.print(f"    {error.item}", markup=False)
    for ignored in found.ignored:
        why = f": {ignored.why['type']}" if "type" in ignored.why else ""
        console.print(f"{ignored.path} is ignored{why}", markup=False)
    for person in found.introductions:
        names = [*person.aliases, *([person.email] if person.email else [])]
        console.print(
            f"Learnt: {person.contact} is also {', '.join(names) or 'no other'}", markup=False, end=""
        )
        console.print(f", of partner {person.partner}" if person.partner else "", markup=False)
    for name in found.erasures:
        console.print(f"Would be forgotten: {name}", markup=False)
    _print_reply(found, is_secret_given=is_secret_given)


def _print_event(title: str, event: NewEvent, why: Mapping[str, str]) -> None:
    console.print(f"[green]{title}[/green]")
    values = event.model_dump(mode="json", exclude={"properties", "source", "path", "why"}, exclude_none=True)
    values |= {f"properties.{name}": value for name, value in event.properties.items()}
    width = max(map(len, values))
    for name, value in values.items():
        reason = f"  <- {why[name]}" if name in why else ""
        console.print(f"    {name:<{width}}  {value}{reason}", markup=False)


def _print_reply(found: SourceRehearsal, *, is_secret_given: bool) -> None:
    console.print(f"The platform hears {found.respond.status}: {found.respond.body}", markup=False)
    if found.respond.visit:
        console.print(f"First this address is fetched: {found.respond.visit}", markup=False)
    match found.verified:
        case True:
            console.print("[green]Verified:[/green] the secret vouches for the request.")
        case False:
            console.print("[red]Not verified:[/red] the secret does not vouch for the request; it hears 401.")
        case None if is_secret_given:
            console.print("Not verified: that takes a certificate from the network.")
        case None:
            console.print("Not verified: no secret was given.")
