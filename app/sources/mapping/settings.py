"""What a source with a mapping can be set to."""

from pydantic import Field

from app.sources.resolving import Resolvers, SourceSettings


class MappingSettings(SourceSettings):
    """Where it is set, the mapping is not asked."""

    partner: Resolvers = Field(
        [],
        description="Where the partner's id is, before the mapping is asked: `path` in the item, `header` or"
        " `query` of the request, parameter of the `link` that was followed.",
    )
