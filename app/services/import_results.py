"""What became of one line of a file of hand-offs."""

from dataclasses import dataclass
from typing import Any, Literal

from app.errors import FieldError
from app.services.handoffs import Closing

Status = Literal["closed", "recorded", "unchanged", "conflict", "rejected"]


@dataclass(frozen=True)
class Result:
    """What became of a line; `id` is the hand-off's, if there is one."""

    status: Status
    id: str | None = None
    errors: tuple[FieldError, ...] = ()


def told_again(row: Any, closing: Closing) -> Result:
    """The result of an outcome for a hand-off that is closed: unchanged, unless it says something else."""
    errors = tuple(
        FieldError(name, f"is {getattr(row, name)!r} already")
        for name in ("outcome", "reason", "value", "note")
        if getattr(closing, name) not in {None, getattr(row, name)}
    )
    return Result("conflict" if errors else "unchanged", row.id, errors)


def rejected(path: str, message: str, *, id_: str | None = None) -> Result:
    """The result of a line that cannot be what is meant."""
    return Result("rejected", id_, (FieldError(path, message),))
