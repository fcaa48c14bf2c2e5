"""What commands print, for people."""

from rich.console import Console

from app.errors import Problem

# Sentences are not broken where a pipe or a log has no width.
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(problem: Problem) -> None:
    """A domain error, with each of its faults on a line of its own."""
    errors.print(f"[red]{problem.title}.[/red] ", end="")
    errors.print(problem.detail, markup=False)
    for fault in problem.errors:
        errors.print(f"  {fault.path or '(document)'}: {fault.message}", markup=False)
