"""What a source can be: each native adapter and preset, with all that a form needs to create one."""

from typing import Any

from pydantic import BaseModel, Field

from app.errors import Invalid
from app.sources.adapter import Adapter
from app.sources.mapping.adapter import MappingAdapter
from app.sources.registry import ADAPTERS

SOME_URL = "{url}"


class SourceKind(BaseModel):
    """A platform that can post to a source without a mapping of your own."""

    kind: str = Field(examples=["zoom"])
    name: str = Field(description="What people call the platform.", examples=["Zoom"])
    is_preset: bool = Field(description="Whether it is a mapping, which can be copied and changed.")
    secret: str | None = Field(
        description="What must be given as `secrets`; null if a source may be created without.",
        examples=["the Secret Token of your Zoom app is needed"],
    )
    settings: dict[str, Any] = Field(
        description="The JSON Schema of `settings`.", examples=[{"type": "object"}]
    )
    steps: list[str] = Field(
        description="What to do in the platform; `{url}` is where the URL goes.",
        examples=[["Event notification endpoint URL: {url}"]],
    )
    uncertain: list[str] = Field(description="What nobody has seen in a real account yet.", examples=[[]])


class SourceKinds(BaseModel):
    """All kinds."""

    items: list[SourceKind]


def source_kinds() -> SourceKinds:
    """All kinds, by name."""
    return SourceKinds(items=[_kind(ADAPTERS[kind]) for kind in ADAPTERS])


def _kind(adapter: Adapter) -> SourceKind:
    is_preset = isinstance(adapter, MappingAdapter)
    return SourceKind(
        kind=adapter.kind,
        name=adapter.title,
        is_preset=is_preset,
        secret=_secret(adapter),
        settings=adapter.settings_model.model_json_schema(),
        steps=adapter.steps(SOME_URL),
        uncertain=_uncertain(adapter),
    )


def _secret(adapter: Adapter) -> str | None:
    try:
        adapter.check_secrets(())
    except Invalid as error:
        return "; ".join(each.message for each in error.errors)
    return None


def _uncertain(adapter: Adapter) -> list[str]:
    return [*adapter.document.uncertain] if isinstance(adapter, MappingAdapter) else []
