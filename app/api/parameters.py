"""Parameters that many routes share, bounded so that no database is asked for what it cannot hold."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter

from app.sources.event import Instant, Text, plain_text

MOST_VERSIONS = 2**31 - 1


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is beyond the years 1 to 9999 in UTC") from error


Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(plain_text)]
"""What a person has to say: not nothing, and not blanks."""

Moment = Annotated[Instant, AfterValidator(_in_utc)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(9998, 12, 31))]
Version = Annotated[int, Field(ge=1, le=MOST_VERSIONS)]
Rank = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Count = Annotated[int, Field(ge=0, lt=2**63)]

Limit = Annotated[int, Query(ge=1, le=200, description="Items per page.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]

BY_ID: TypeAdapter[tuple[Text]] = TypeAdapter(tuple[Text])
"""The place in a list that is in order of ids."""
