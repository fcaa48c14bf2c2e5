"""Where a request says which partner it is about: settings common to all kinds."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.sources.adapter import Incoming
from app.sources.names import name_of

Place = Literal["path", "header", "query", "link"]
Resolver = Annotated[
    dict[Place, Annotated[str, StringConstraints(min_length=1, max_length=200)]],
    Field(min_length=1, max_length=1),
]
Resolvers = Annotated[list[Resolver], Field(max_length=20)]

IN_URLS: tuple[dict[Place, str], ...] = ({"query": "partner_id"}, {"link": "partner_id"})
"""What every kind looks at last: `?partner_id=` on our own URL, then on the link or page of the item."""

DESCRIPTION = (
    "Where the partner's id is, in order: `path` in the item, `header` or `query` of the request, parameter"
    " of the `link` that was followed. The first that says something counts; if none does, the contact or"
    " its domain may."
)


class SourceSettings(BaseModel):
    """What every kind of source can be set to; a kind says where it looks if nothing is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner: Resolvers = Field(list(IN_URLS), description=DESCRIPTION)
    settle_seconds: int = Field(
        0,
        ge=0,
        le=600,
        description="How long a click waits before it counts, in case others show that it was a machine's.",
    )


def looking_at(*paths: str) -> Any:
    """The field `partner` of a kind that looks at `paths` first."""
    return Field([*({"path": path} for path in paths), *IN_URLS], description=DESCRIPTION)


def partner_of(
    resolvers: Sequence[Mapping[Place, str]], item: object, incoming: Incoming, *, link: object = None
) -> str | None:
    """The first id that a resolver finds."""
    found = (_find(place, name, item, incoming, link) for each in resolvers for place, name in each.items())
    return next(filter(None, found), None)


def _find(place: Place, name: str, item: object, incoming: Incoming, link: object) -> str | None:
    match place:
        case "path":
            return name_of(_at(item, name))
        case "header":
            return name_of(incoming.headers.get(name.lower()))
        case "query":
            return name_of(incoming.query.get(name))
        case "link":
            return name_of(parameter(link, name))


def _at(value: object, path: str) -> object:
    """What is at the dotted path; of a list the first, and a name may have dots itself if it is the last."""
    while path:
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict):
            return None
        name = path if path in value else path.partition(".")[0]
        value, path = value.get(name), path[len(name) + 1 :]
    return value[0] if isinstance(value, list) and value else value


def parameter(link: object, name: str) -> str | None:
    """A parameter in a link's query; None if it has none, or is no link."""
    try:
        return parse_qs(urlsplit(link).query).get(name, [None])[0] if isinstance(link, str) else None
    except ValueError:
        return None
