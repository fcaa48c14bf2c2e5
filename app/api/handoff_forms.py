"""What people send about a hand-off: who they are, and what became of it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.api.parameters import Moment, Said
from app.services.moves import SERVICE
from app.sources.event import Text


def _a_person(name: str) -> str:
    if name == SERVICE:
        raise ValueError(f"{SERVICE} is what the service calls itself")
    return name


Person = Annotated[Said, Field(max_length=200, examples=["rep@vendor.example"]), AfterValidator(_a_person)]
Words = Annotated[Text, Field(max_length=2_000)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClaimForm(_Form):
    """Who takes it."""

    by: Person


class NextForm(_Form):
    """Who takes one, and of which owner."""

    by: Person
    owner: Person | None = Field(None, description="Only this owner's; unless given, one's own or nobody's.")


class MoveForm(_Form):
    """Who makes the move, and why."""

    by: Person | None = Field(None, description="The key's name, if absent.")
    reason: Words | None = None


class SnoozeForm(MoveForm):
    """Until when it is put off."""

    until: Moment = Field(description="When it is to come back; in the future.")


class AssignForm(MoveForm):
    """Whose call it is."""

    owner: Person | None = Field(description="Null is anybody's.")


class NoteForm(_Form):
    """A line for the history."""

    by: Person | None = Field(None, description="The key's name, if absent.")
    note: Annotated[Said, Field(max_length=2_000)]


class CloseForm(_Form):
    """What came of the call."""

    outcome: Literal["converted", "accepted", "rejected", "unreachable"]
    reason: Words | None = Field(None, description="Required if rejected.")
    value: float | None = Field(
        None, ge=-1e15, le=1e15, description="What it is worth, if converted.", allow_inf_nan=False
    )
    note: Words | None = None
    by: Person | None = Field(None, description="Whoever claimed it, if absent.")

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.outcome == "rejected" and not (self.reason or "").strip():
            raise ValueError("a rejected hand-off needs a reason")
        if self.outcome != "converted" and self.value is not None:
            raise ValueError("only a converted hand-off has a value")
        return self
