"""What a platform is told of its request, unless its protocol has something else."""

from pydantic import BaseModel, Field

from app.services.source_requests import Status


class Receipt(BaseModel):
    """What became of a platform's request."""

    status: Status = Field(
        description="As in `GET /v1/sources/{source}/requests`. `received`: it is kept, and soon taken."
    )
    received: int = Field(description="Items in the request.")
    events: int = Field(description="Items that became events.")
    ignored: int = Field(description="Items that mean nothing for a score.")
    refused: list[str] = Field(description="Why, for each item that could not become an event.")
