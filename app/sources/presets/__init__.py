"""Mappings that come with the service, for platforms that need no code."""

from functools import cache
from importlib.resources import files

from app.sources.mapping.adapter import MappingAdapter
from app.sources.mapping.reading import read_mapping


@cache
def preset(kind: str) -> MappingAdapter:
    """The preset of this name, which must be one; read when it is first asked for."""
    document = files("app.sources.presets").joinpath(f"{kind}.yaml").read_bytes()
    return MappingAdapter(read_mapping(document), kind)
