"""What is posted about webhooks."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.api.parameters import Moment
from app.services.announcing import MessageType
from app.services.replaying import Replayable
from app.services.webhook_secrets import Signature
from app.services.webhook_view import Format
from app.sources.event import Text

Url = Annotated[Text, Field(max_length=2_000, examples=["https://crm.example/hooks/handraiser"])]
Types = Annotated[list[MessageType], Field(min_length=1, examples=[["handoff.opened"]])]
Description = Annotated[Text, Field(max_length=500)]
InFlight = Annotated[int, Field(ge=1, le=100, description="Attempts at once, for each worker process.")]
PerSecond = Annotated[int, Field(ge=1, le=1_000, description="Attempts per second, for each worker process.")]
Ordered = Annotated[
    bool, Field(description="Send a partner's messages one after the other; for those owed from now on.")
]


class WebhookForm(BaseModel):
    """A webhook to create."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    types: Types
    description: Description | None = None
    format: Format = Field("json", description="`slack` and `teams` send a card instead of JSON data.")
    headers: dict[str, str] = Field(
        {},
        description="Sent along; kept encrypted.",
        examples=[{"Authorization": "Bearer of-the-receiver"}],
    )
    max_in_flight: InFlight = 10
    per_second: PerSecond = 50
    ordered: Ordered = False
    signature: Signature = Field("v1", description="`v1`: a shared secret; `v1a`: Ed25519.")


class WebhookChange(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    types: Types | None = None
    description: Description | None = None
    format: Format | None = None
    headers: dict[str, str | None] | None = Field(
        None, description="Set one by one; null takes one away.", examples=[{"X-Old": None}]
    )
    max_in_flight: InFlight | None = None
    per_second: PerSecond | None = None
    ordered: Ordered | None = None

    @model_validator(mode="after")
    def _only_a_description_may_be_empty(self) -> Self:
        empty = [each for each in self.model_fields_set if getattr(self, each) is None]
        if empty not in ([], ["description"]):
            raise ValueError("only a description may be null")
        return self


class RotateForm(BaseModel):
    """How to rotate."""

    model_config = ConfigDict(extra="forbid")

    expire_previous: bool = Field(
        False, description="Old secrets sign no longer, instead of for 24 hours: if one has leaked."
    )


class DisableForm(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Description | None = None


class EnableForm(BaseModel):
    """What becomes of what was held."""

    model_config = ConfigDict(extra="forbid")

    replay: bool = Field(False, description="Send what was held, too.")


class ReplayForm(BaseModel):
    """What to send again."""

    model_config = ConfigDict(extra="forbid")

    status: Replayable = Field(
        "held",
        description="`held` and `dead` are sent under their own ids; `delivered` as new messages.",
    )
    since: Moment | None = Field(None, description="Created then or later; from the first if absent.")
    until: Moment | None = Field(None, description="Created then or earlier; until now if absent.")
    types: Types | None = Field(None, description="Of these types only.")


class RetryForm(BaseModel):
    """Whether to repeat what arrived."""

    model_config = ConfigDict(extra="forbid")

    again: Literal[True, False] = Field(
        False, description="Repeat it although it was delivered: as a new message, with `replay_of`."
    )
