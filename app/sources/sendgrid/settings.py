"""How the mails of one SendGrid account tell us the partner."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.sources.resolving import SourceSettings
from app.sources.sendgrid.properties import is_reserved


def _not_reserved(name: str) -> str:
    if is_reserved(name):
        raise ValueError(f"{name!r} is a field of SendGrid's own, not a custom argument")
    return name


class SendGridSettings(SourceSettings):
    """Its custom argument goes before everything in `partner`."""

    partner_argument: Annotated[str, AfterValidator(_not_reserved)] = Field(
        "partner_id",
        min_length=1,
        max_length=100,
        description="The custom argument (`custom_args`, `unique_args`) that carries the partner's id.",
    )
