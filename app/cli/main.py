"""The `handraiser` command: every subcommand is one function, in the file of its noun.

Those files import what they work with inside the functions, so that `--help` and `rubric check` stay quick.
"""

import sys

import typer
from pydantic_core import ValidationError

from app.cli import data, programs, rubrics, serving, sources
from app.cli.output import complain
from app.errors import FieldError, Invalid, Problem

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tells you which partner has just raised a hand.",
)
program = typer.Typer(no_args_is_help=True, help="Programs: one vendor's partner programme each.")
key = typer.Typer(no_args_is_help=True, help="Keys that open a program's API.")
export = typer.Typer(no_args_is_help=True, help="Files of what is stored, on standard output.")
rubric = typer.Typer(
    no_args_is_help=True, help="Rubrics: checked, stored, previewed, made active, rolled back."
)
source = typer.Typer(
    no_args_is_help=True, help="Sources: platforms that post their own format, tried, created, retried."
)

app.command()(serving.serve)
app.command()(serving.work)
app.command()(serving.migrate)
app.command()(serving.demo)
app.command("import")(data.import_file)
export.command("handoffs")(data.export_handoffs)
app.command()(data.verify)
app.command()(data.prune)
program.command("create")(programs.create_program)
key.command("create")(programs.create_key)
rubric.command("check")(rubrics.check)
rubric.command("push")(rubrics.push)
rubric.command("diff")(rubrics.diff)
rubric.command("preview")(rubrics.preview)
rubric.command("activate")(rubrics.activate)
rubric.command("rollback")(rubrics.rollback)
rubric.command("drop")(rubrics.drop)
rubric.command("prune")(rubrics.prune)
source.command("test")(sources.rehearse)
source.command("create")(sources.create)
source.command("list")(sources.list_)
source.command("requests")(sources.requests)
source.command("retry")(sources.retry)
app.add_typer(export, name="export")
app.add_typer(program, name="program")
app.add_typer(key, name="key")
app.add_typer(rubric, name="rubric")
app.add_typer(source, name="source")


def main() -> None:
    """Run the command; a known error is a sentence on standard error and exit code 1."""
    try:
        app()
    except Problem as problem:
        complain(problem)
        sys.exit(1)
    except ValidationError as error:
        complain(_of_settings(error))
        sys.exit(1)


def _of_settings(error: ValidationError) -> Problem:
    """What is wrong with an environment variable, by its name."""
    faults = [
        FieldError(f"HANDRAISER_{'_'.join(str(part) for part in each['loc']).upper()}", each["msg"])
        for each in error.errors()
    ]
    return Invalid("The settings cannot be used.", errors=faults)
