"""`handraiser source`: try a request of a platform, create a source, see what it received, take it again."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app import clock
from app.cli.output import console, errors

Status = Literal["received", "taken", "quarantined", "unreadable", "failed"]
Body = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="The body, byte for byte as it came.")
]
Program = Annotated[str, typer.Option(help="The program whose source it is.")]
SourceId = Annotated[str, typer.Argument(help="The source's id, src_...")]
Kind = Annotated[str | None, typer.Option(help="A native adapter or a preset, such as sendgrid.")]
MappingFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="A mapping of your own, as YAML or JSON.")
]
SettingsFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="The source's settings, as YAML or JSON.")
]
Secret = Annotated[list[str] | None, typer.Option(help="A secret; repeatable.")]


def rehearse(
    file: Body,
    kind: Kind = None,
    mapping: MappingFile = None,
    settings: SettingsFile = None,
    secret: Secret = None,
    header: Annotated[list[str] | None, typer.Option(help="A header, as 'Name: value'; repeatable.")] = None,
    query: Annotated[list[str] | None, typer.Option(help="A parameter, name=value; repeatable.")] = None,
    method: Annotated[Literal["POST", "GET", "HEAD", "OPTIONS"], typer.Option(help="The method.")] = "POST",
    path: Annotated[str, typer.Option(help="What follows the key in the URL, such as /v1/batch.")] = "",
    url: Annotated[str, typer.Option(help="The whole URL as it was called, which HubSpot signs.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the answer of POST /v1/sources/test.")] = False,
) -> None:
    """Show what a platform's request would become, and why, offline; exit code 1 if anything is refused."""
    from app.cli.rehearsing import pairs, print_rehearsal, read_mapping_file, read_settings
    from app.services.rehearsing import imagined, prepared, rehearsed
    from app.sources.adapter import Incoming

    source = prepared(imagined(kind, read_mapping_file(mapping)), read_settings(settings), secret)
    headers = {name.lower(): value for name, value in pairs(header, ":", "header").items()}
    parameters = pairs(query, "=", "query")
    incoming = Incoming(headers, file.read_bytes(), parameters, method=method, path=path, url=url)
    found = rehearsed(source, incoming, received_at=clock.now())
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        print_rehearsal(found, is_secret_given=bool(secret))
    if found.errors or found.verified is False:
        raise typer.Exit(1)


def create(
    program: Program,
    name: Annotated[str, typer.Option(help="What people call it.")],
    kind: Kind = None,
    mapping: MappingFile = None,
    settings: SettingsFile = None,
    secret: Secret = None,
) -> None:
    """Create a source and print the URL to paste into the platform, this once, and what to do there."""
    from app.cli.rehearsing import read_mapping_file, read_settings
    from app.cli.session import with_database
    from app.services import sources
    from app.settings import Settings
    from app.vault import open_vault

    form = sources.NewSourceForm(
        kind, read_mapping_file(mapping), name, secret or (), read_settings(settings) or {}
    )
    now, url = clock.now(), Settings().public_url
    vault = open_vault(Settings())
    made = with_database(
        lambda db: db.write(lambda c: sources.create_source(c, vault, program, form, public_url=url, now=now))
    )
    errors.print(f"Source [bold]{made.id}[/bold] created. Its URL is shown this once:")
    typer.echo(made.url)
    for step in made.steps:
        errors.print(f"- {step}", markup=False)


def list_(program: Program) -> None:
    """List the sources of a program, and when requests came that no secret vouched for."""
    from app.cli.session import with_database
    from app.services import sources

    found = with_database(
        lambda db: db.read(lambda c: sources.list_sources(c, program, after="", limit=1_000))
    )
    for each in found:
        state = "disabled" if each.disabled_at else "enabled"
        wrong = f", not verified at {each.unverified_at:%Y-%m-%d %H:%M:%S}" if each.unverified_at else ""
        console.print(f"{each.id}  {each.kind}  {each.name}: {state}{wrong}", markup=False)


def requests(
    source: SourceId,
    program: Program,
    status: Annotated[Status | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many, newest first.")] = 20,
) -> None:
    """Show what a platform posted and what became of it."""
    from app.cli.session import with_database
    from app.services.source_requests import NEWEST, list_requests
    from app.settings import Settings
    from app.vault import open_vault

    vault = open_vault(Settings())
    found = with_database(
        lambda db: db.read(
            lambda c: list_requests(c, vault, program, source, status, before=NEWEST, limit=limit)
        )
    )
    for each in found:
        told = f"{each.items} items, {each.events} events, {each.ignored} ignored"
        console.print(f"{each.n}  {each.received_at:%Y-%m-%d %H:%M:%S}  {each.status}: {told}", markup=False)
        for why in (*([each.error] if each.error else []), *(one.reason for one in each.refused)):
            console.print(f"    {why}", markup=False)


def retry(source: SourceId, program: Program) -> None:
    """Let the service take all requests again that are not wholly understood."""
    from app.cli.session import with_database
    from app.services.retaking import reopen

    statuses, now = {"quarantined", "unreadable", "failed"}, clock.now()
    found = with_database(lambda db: db.write(lambda c: reopen(c, program, source, statuses, now=now)))
    console.print(f"Requests to be taken again by the service: {found.requests}.")
