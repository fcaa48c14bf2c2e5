"""How a mapping says that a request really comes from the platform."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from app.documents.parts import Part, wrong
from app.sources.mapping.fields import BodyPath, HeaderName, exactly_one_of

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_IN_BODY = re.compile(r"body\.[^.{}]+(\.[^.{}]+)*")
PLACEHOLDERS = ("ts", "id", "method", "url", "body", "form_sorted", "secret")

Needed = Literal["required", "later", "optional"]
REQUIRED: Needed = "required"
OPTIONAL: Needed = "optional"
Algorithm = Literal["hmac-sha256", "hmac-sha1", "sha256", "sha1"]
Encoding = Literal["hex", "base64"]


class Place(Part):
    """Where in a request a text stands, and which part of it counts."""

    header: HeaderName | None = Field(None, description="The header that has it.")
    query: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="The parameter of our URL that has it."
    )
    body: BodyPath | None = Field(None, description="The place in the body that has it, as dotted names.")
    split: Annotated[str, Field(min_length=1, max_length=3)] | None = Field(
        None, description="What stands between several values, such as a comma."
    )
    prefix: str = Field(
        "", max_length=50, description="What stands before the value and does not belong to it, such as v1=."
    )

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        exactly_one_of(("header", "query", "body"), dict(self))
        return self


class Stamp(Place):
    """Where the time of signing stands."""

    unit: Literal["s", "ms"] = Field("s", description="What the time is counted in.")
    tolerance_seconds: int | None = Field(
        None,
        ge=1,
        le=604_800,
        description="How far from now it may be, before or after; any time unless given.",
    )


class Credentials(Part):
    """Base of what proves nothing but that the platform knows the secret."""

    secret: Needed = Field(
        "required",
        description="`required`: a source needs one from the beginning; `later`: without one nothing is "
        "accepted yet; `optional`: without one the key in our URL is proof enough.",
    )


class ByPath(Part):
    """Nothing but the key in our URL."""

    by: Literal["path"] = Field(description="This way of proving it.")


class ByBasic(Credentials):
    """User and password, as in https://user:password@...; the secret is `user:password`."""

    by: Literal["basic"] = Field(description="This way of proving it.")


class ByBearer(Credentials):
    """`Authorization: Bearer` and the secret."""

    by: Literal["bearer"] = Field(description="This way of proving it.")


class ByHeader(Credentials):
    """A header whose value is the secret."""

    by: Literal["header"] = Field(description="This way of proving it.")
    name: HeaderName = Field(description="The header's name.")


class ByQuery(Credentials):
    """A parameter of our URL whose value is the secret."""

    by: Literal["query"] = Field(description="This way of proving it.")
    name: str = Field(min_length=1, max_length=100, description="The parameter's name.")


class BySignature(Credentials):
    """A signature over the request."""

    by: Literal["signature"] = Field(description="This way of proving it.")
    signature: Place = Field(description="Where the signature stands; one of several is enough.")
    over: str = Field(
        min_length=1,
        max_length=200,
        description="What is signed: text, and in braces ts, id, method, url, body, form_sorted (keys and "
        "values of a form, sorted by key), secret, or body. and a path in the body.",
    )
    algorithm: Algorithm = Field("hmac-sha256", description="With a key, or a plain hash.")
    encoding: Encoding = Field("hex", description="How the signature is written.")
    timestamp: Stamp | None = Field(None, description="Where {ts} stands.")
    id: Place | None = Field(None, description="Where {id} stands.")
    key: Literal["text", "base64", "whsec"] = Field(
        "text", description="How the secret becomes a key: as it is, decoded, or decoded after `whsec_`."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = set(PLACEHOLDER.findall(self.over))
        if unknown := [name for name in names if name not in PLACEHOLDERS and not _IN_BODY.fullmatch(name)]:
            known = ", ".join(PLACEHOLDERS)
            raise wrong(f"must not have {{{min(unknown)}}} in `over`; allowed are {known}, body.<path>")
        if names <= {"secret"}:
            raise wrong("must sign something of the request: `over` has no {body}")
        if ("ts" in names, "id" in names) != (self.timestamp is not None, self.id is not None):
            raise wrong("must have `timestamp` with {ts} in `over`, `id` with {id}, and not without")
        if self.algorithm.startswith("sha") and "secret" not in names:
            raise wrong("must have {secret} in `over`, for a plain hash has no key")
        return self


_WAYS = ("path", "basic", "bearer", "header", "query", "signature")


def _way(value: object) -> str | None:
    by = value.get("by") if isinstance(value, Mapping) else getattr(value, "by", None)
    return f"~{by}" if by in _WAYS else None


Verify = Annotated[
    Annotated[ByPath, Tag("~path")]
    | Annotated[ByBasic, Tag("~basic")]
    | Annotated[ByBearer, Tag("~bearer")]
    | Annotated[ByHeader, Tag("~header")]
    | Annotated[ByQuery, Tag("~query")]
    | Annotated[BySignature, Tag("~signature")],
    Discriminator(
        _way,
        custom_error_type="plain",
        custom_error_message="must be an object with `by`: one of " + ", ".join(_WAYS),
    ),
]
