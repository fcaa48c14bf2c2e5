"""Parts of the reference that follow from the code: routes, commands, settings, errors, tables, retries."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Literal, cast, get_args, get_origin

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Path
from fastapi.routing import APIRoute
from sqlalchemy import Column, Table
from typer.core import TyperGroup
from typer.main import get_command

from app.cli.main import app as command_line
from app.errors import Problem
from app.main import ROUTERS
from app.settings import RETRY_SCHEDULE, Settings

PREFIX = "HANDRAISER_"
MODELS = ("programs", "rubrics", "partners", "ledger", "scores", "handoffs", "webhooks", "sources")
# What a route may answer beside the errors that all routes share, which the page says.
OWN_ERRORS = {
    "POST /v1/events": "too_large unsupported_media_type overloaded",
    "POST /v1/partners/{partner}/adjustments": "conflict",
    "PUT /v1/partners/{partner}": "precondition_failed",
    "PATCH /v1/partners/{partner}": "precondition_failed",
    "PATCH /v1/webhooks/{webhook}": "precondition_failed",
    "POST /v1/webhooks/{webhook}/enable": "conflict",
    "POST /v1/webhooks/{webhook}/replay": "conflict",
    "POST /v1/deliveries/{delivery}/retry": "conflict",
    "POST /v1/partners/batch": "too_large",
    "POST /v1/partners/{partner}/merge": "conflict",
    "POST /v1/partners/{partner}/unmerge": "conflict",
    "PUT /v1/contacts/{contact}": "conflict precondition_failed",
    "POST /v1/rubrics": "rubric_invalid unsupported_media_type",
    "POST /v1/rubrics/check": "rubric_invalid unsupported_media_type",
    "GET /v1/rubrics/active": "not_found",
    "POST /v1/handoffs/{handoff}/claim": "handoff_state",
    "POST /v1/handoffs/{handoff}/release": "handoff_state",
    "POST /v1/handoffs/{handoff}/close": "handoff_state",
    "PATCH /v1/sources/{source}": "precondition_failed",
    "POST /in/{key}": "unauthenticated overloaded",
    "POST /v1/programs": "conflict",
    "GET /readyz": "not_ready database_away",
}


def routes() -> str:
    """A table of every route, for each group of them."""
    parts = []
    for router in ROUTERS:
        rows = [_route(route) for route in router.routes if isinstance(route, APIRoute)]
        parts.append(_table(("route", "scope", "query", "what it does", "may answer"), rows))
    headed = zip((str(router.tags[0]) for router in ROUTERS), parts, strict=True)
    return _grouped(headed)


def route_names() -> set[str]:
    """Every route, as method and path."""
    return {_name(route) for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)}


def setting_names() -> set[str]:
    """Every variable that sets something."""
    return {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def command_names() -> set[str]:
    """Every command, without its arguments."""
    return {name for name, _ in _commands("handraiser", _root())}


def commands() -> str:
    """Every command with its arguments and options."""
    return "\n".join(_command(name, command) for name, command in _commands("handraiser", _root()))


def settings() -> str:
    """A table of every setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = ", ".join(map(str, field.default)) if isinstance(field.default, tuple) else field.default
        shown = f"`{default}`" if default not in {None, ""} else "-"
        meaning = f"{field.description} {_choices(field.annotation)}".strip()
        rows.append((f"`{PREFIX}{name.upper()}`", shown, meaning))
    return _table(("variable", "default", "meaning"), rows)


def errors() -> str:
    """A table of every error that the domain knows."""
    known = {kind.code: kind for kind in _subclasses(Problem)}
    rows = [
        (f"`{code}`", str(kind.status), kind.title, inspect.getdoc(kind) or "")
        for code, kind in sorted(known.items(), key=lambda each: (each[1].status, each[0]))
    ]
    return _table(("code", "status", "title", "when"), rows)


def retries() -> str:
    """A table of the delays before each attempt of a delivery."""
    total, rows = 0, []
    for number, delay in enumerate(RETRY_SCHEDULE, 1):
        total += delay
        rows.append((str(number), _duration(delay), _duration(total)))
    return _table(("attempt", "waits", "after the first one"), rows)


def tables() -> str:
    """A line for every table, under what its module says."""
    parts = []
    for name in MODELS:
        module = import_module(f"app.models.{name}")
        found = [each for each in vars(module).values() if isinstance(each, Table)]
        about = (inspect.getdoc(module) or "").splitlines()[0]
        parts.append("\n".join([f"**{about}**", "", *(_table_line(table) for table in found), ""]))
    return "\n".join(parts)


def _route(route: APIRoute) -> tuple[str, ...]:
    given = get_flat_params(route.dependant)
    query = " ".join(f"`{each.alias}`" for each in given if not isinstance(each.field_info, Path | Header))
    return (
        f"`{_name(route)}`",
        ", ".join(f"`{scope}`" for scope in _scopes(route.dependant)) or "-",
        query or "-",
        " ".join((inspect.getdoc(route.endpoint) or "").split()),
        " ".join(f"`{code}`" for code in OWN_ERRORS.get(_name(route), "").split()) or "-",
    )


def _name(route: APIRoute) -> str:
    return f"{min(route.methods or ())} {route.path.replace(':path', '').replace('id_', 'id')}"


def _scopes(dependant: Any) -> Iterator[str]:
    """The scope that a dependency asks for: `allowed` keeps it in its closure."""
    for each in dependant.dependencies:
        if inspect.isfunction(each.call):
            scope = inspect.getclosurevars(each.call).nonlocals.get("scope")
            yield from ["operator"] if each.call.__name__ == "operator" else [scope] if scope else []
        yield from _scopes(each)


def _root() -> TyperGroup:
    return cast("TyperGroup", get_command(command_line))


def _commands(prefix: str, group: TyperGroup) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(f"{prefix} {name}", command)
        else:
            yield f"{prefix} {name}", command


def _command(name: str, command: Any) -> str:
    arguments = [each for each in command.params if not each.opts[0].startswith("-")]
    usage = " ".join([name, *(each.name.upper() for each in arguments)])
    lines = [f"### {usage}", "", " ".join((command.help or "").split()), ""]
    rows = [_parameter(each) for each in command.params]
    return "\n".join([*lines, *([_table(("parameter", "default", "meaning"), rows)] if rows else [])])


def _parameter(parameter: Any) -> tuple[str, str, str]:
    option = str(parameter.opts[0])
    name = option if option.startswith("-") else str(parameter.name).upper()
    meaning = f"{parameter.help or ''} {_choices(parameter.type_descriptor.annotation)}".strip()
    return f"`{name}`", _default(parameter), meaning


def _choices(annotation: object) -> str:
    """A sentence on what may be given, if that is one of a few words."""
    if get_origin(annotation) is not Literal:
        return ""
    return f"One of {', '.join(f'`{each}`' for each in get_args(annotation))}."


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    return "-" if parameter.default in {None, False} else f"`{parameter.default}`"


def _table_line(table: Table) -> str:
    keys = ", ".join(_column(column) for column in table.primary_key)
    others = "; ".join(_column(column) for column in table.columns if not column.primary_key)
    return f"- `{table.name}`, by {keys}{f': {others}' if others else ''}"


def _column(column: Column[Any]) -> str:
    return f"`{column.name}`" + (f" ({column.comment})" if column.comment else "")


def _subclasses(kind: type[Problem]) -> Iterator[type[Problem]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    parts = [(hours, "h"), (rest // 60, "min"), (rest % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def _grouped(parts: Iterable[tuple[str, str]]) -> str:
    """Each part under its heading; neighbours with the same heading share it."""
    lines: list[str] = []
    for heading, part in parts:
        if f"### {heading}\n" in lines:
            # The same table goes on: without its own first two lines.
            lines[-1] = lines[-1].rstrip("\n") + "\n" + part.split("\n", 2)[2]
        else:
            lines += [f"### {heading}\n", part]
    return "\n".join(lines)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"
