"""The mapping: how a platform's requests become events. The models are the schema."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from app.documents.parts import EventType, Lenient, Name, Part, TimeZone, Title, wrong
from app.sources.mapping.expression import Find, read_expression
from app.sources.mapping.fields import (
    FirstOf,
    OrOne,
    Sentence,
    exactly_one_of,
)
from app.sources.mapping.moment import Unit
from app.sources.mapping.verification import Encoding, Verify

ANY = "*"
HOLE = re.compile(r"\{([^{}]+)\}")
RECEIVED = "received"
SEPARATOR = "|"


class Signed(Part):
    """A text signed with the source's secret, for an answer that proves we know it."""

    name: Name = Field(description="What it is called in the answer.")
    text: Find = Field(description="What is signed.")
    algorithm: Literal["hmac-sha256", "hmac-sha1"] = Field("hmac-sha256", description="How.")
    encoding: Encoding = Field("hex", description="How the signature is written.")


class Challenge(Part):
    """A request that brings no events but wants an answer."""

    methods: Annotated[tuple[Literal["GET", "HEAD", "OPTIONS", "PUT"], ...], Lenient] | None = Field(
        None, min_length=1, description="Requests of these methods; they are not verified."
    )
    when: Find | None = Field(None, description="POST requests for whose body this holds.")
    unsigned: bool = Field(False, description="Whether such a POST is answered without verification.")
    token: Find | None = Field(
        None, description="Must be one of the source's secrets, or nothing is answered."
    )
    status: int = Field(200, ge=200, le=299, description="The answer's status.")
    body: str = Field("ok", max_length=1_000, description="The answer's body.")
    text: Find | None = Field(None, description="The answer's body, taken from the request.")
    echo: dict[Name, Find] = Field({}, max_length=20, description="The answer's body as an object.")
    signed: Signed | None = Field(None, description="One more entry of `echo`.")
    tell: Sentence | None = Field(
        None,
        description="No answer of its own: the request is kept and listed with this sentence, in which an "
        "expression may stand in braces.",
    )

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        exactly_one_of(("methods", "when"), dict(self))
        if self.methods and (self.tell or self.unsigned):
            raise wrong("must have `when` for `tell` and `unsigned`")
        for expression in HOLE.findall(self.tell or ""):
            read_expression(expression)
        return self


class Answer(Part):
    """What the platform hears when its request was taken in."""

    status: int = Field(200, ge=200, le=299, description="The status; few platforms take any but 200.")
    body: str = Field("ok", max_length=1_000, description="The body.")


class Items(Part):
    """Where in the body the items are; a list is one item for each member, anything else is one."""

    at: Find = Field(read_expression("@"), description="What is split into items.")
    entries: Find | None = Field(
        None, description="Instead of `at`: an object, each entry of which is split; key() is its name."
    )
    each: Find | None = Field(
        None, description="What each of these is split into once more; outer() is where it came from."
    )
    fan: Find | None = Field(
        None, description="One event for each of these, such as the recipients; fan() is the one."
    )

    @model_validator(mode="before")
    @classmethod
    def _begins_once(cls, given: object) -> object:
        if isinstance(given, Mapping) and given.get("at") and given.get("entries"):
            raise wrong("must have `at` or `entries`, not both")
        return given


Target = Annotated[
    str,
    Field(
        max_length=100,
        pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$",
        description="An event type, ignored or refused.",
    ),
]


class TypeTable(Part):
    """The event type by what the platform calls it."""

    of: FirstOf = Field(description="What the platform calls it; several are joined by |.")
    table: dict[Annotated[str, Field(min_length=1, max_length=200)], EventType] = Field(
        min_length=1,
        max_length=200,
        description="Its names, and for each an event type, `ignored` or `refused`. The first that fits "
        "counts; * fits anything, also as a part.",
    )
    otherwise: Literal["ignored", "refused"] = Field("ignored", description="What any other name is.")

    @model_validator(mode="after")
    def _has_as_many_parts(self) -> Self:
        for name in self.table:
            if name != ANY and name.count(SEPARATOR) + 1 != len(self.of) > 1:
                raise wrong(f'must have {len(self.of)} parts in "{name}", joined by {SEPARATOR}')
        return self


def _kind_of_type(value: object) -> str:
    return "~name" if isinstance(value, str) else "~table"


TypeOf = Annotated[
    Annotated[EventType, Tag("~name")] | Annotated[TypeTable, Tag("~table")], Discriminator(_kind_of_type)
]


class Moment(Part):
    """When it happened."""

    at: FirstOf = Field(description="Where the time is; the first that gives one.")
    unit: Unit = Field("iso", description="ISO 8601 text, seconds or milliseconds since 1970.")
    zone: TimeZone | None = Field(None, description="The time zone of times that come without one.")


def _kind_of_moment(value: object) -> str:
    return "~received" if isinstance(value, str) else "~moment"


OccurredAt = Annotated[
    Annotated[Literal["received"], Tag("~received")] | Annotated[Moment, Tag("~moment")],
    Discriminator(_kind_of_moment),
]


class Doubt(Part):
    """When an event is no person's, or our own people's."""

    when: Find = Field(description="When this holds.")
    verdict: Literal["machine", "internal"] = Field("machine", description="The verdict.")
    because: str = Field(min_length=1, max_length=200, description="The reason, shown with the event.")


class Teaching(Part):
    """What an item teaches about a person."""

    when: Find | None = Field(None, description="Only when this holds.")
    contact: FirstOf | None = Field(None, description="The person; the event's contact unless given.")
    aliases: Annotated[tuple[Find, ...], Lenient] = Field(
        (), max_length=10, description="Other names of the same person."
    )
    email: FirstOf | None = Field(None, description="The person's e-mail address.")
    name: FirstOf | None = Field(None, description="The person's name.")
    partner: FirstOf | None = Field(None, description="The person's partner.")


class MappingDocument(Part):
    """How the requests of one platform become events."""

    name: Title = Field(description="What people call the platform.")
    steps: Annotated[tuple[Sentence, ...], Lenient] = Field(
        ("Let the platform post to {url}.",),
        min_length=1,
        max_length=30,
        description="What to do in the platform; {url} is where it must post to.",
    )
    uncertain: Annotated[tuple[Sentence, ...], Lenient] = Field(
        (), max_length=30, description="What nobody has seen in a real account yet."
    )
    verify: Verify = Field(description="How a request proves where it comes from.")
    challenge: Annotated[tuple[Challenge, ...], Lenient] = Field(
        (),
        max_length=10,
        description="Requests that want an answer and bring no events; the first that fits.",
    )
    response: Answer = Field(Answer(), description="What the platform hears otherwise.")
    decode: Literal["json", "form"] = Field(
        "json", description="What the body is, whatever its content type; gzip is undone before."
    )
    items: Items = Field(Items(), description="Where in the body the items are.")
    type: TypeOf = Field(description="The event type: one for all items, or a table.")
    id: FirstOf = Field(
        description="What tells an event from all others of this source. Several are written as a JSON list; "
        "each must give something."
    )
    occurred_at: Annotated[tuple[OccurredAt, ...], Lenient, *OrOne] = Field(
        ("received",),
        min_length=1,
        max_length=10,
        description="When it happened: the first that gives a time; `received` is the time of receipt.",
    )
    contact: FirstOf | None = Field(None, description="Who did it: the first that gives a text.")
    partner: FirstOf | None = Field(
        None,
        description="For which partner: the first that gives a text. What the source is set to goes before "
        "it, `?partner_id=` on our URL and on `link` after it.",
    )
    link: FirstOf | None = Field(
        None, description="The link that was followed; its `url` and `path` become properties."
    )
    user_agent: FirstOf | None = Field(
        None, description="The program that was used: known machines are no people. It is not kept."
    )
    verdict: Annotated[tuple[Doubt, ...], Lenient] = Field(
        (), max_length=20, description="Events that are not a person's; the first that holds."
    )
    properties: dict[Name, FirstOf] = Field(
        {},
        max_length=100,
        description="What rules and talking points may look at; e-mail addresses in it are masked.",
    )
    introduces: Annotated[tuple[Teaching, ...], Lenient] = Field(
        (), max_length=10, description="What items teach about people."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.contact is None and self.partner is None:
            raise wrong("must have contact or partner, or no event could be anybody's")
        if not any("{url}" in step for step in self.steps):
            raise wrong("must say in one of `steps` where {url} goes")
        return self
