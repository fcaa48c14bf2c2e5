"""The functions that a mapping's expressions have beside JMESPath's own."""

from typing import Any

from jmespath.functions import Functions, signature

from app.errors import Malformed
from app.sources.mapping.moment import instant
from app.sources.mapping.scope import Scope
from app.sources.masking import link
from app.sources.reading import loose_json
from app.sources.resolving import parameter

_TEXT: Any = {"types": ["string", "null"]}
_NAME: Any = {"types": ["string"]}
_ANY: Any = {"types": []}


class MappingFunctions(Functions):
    """JMESPath's functions, and ours; each of ours gives null for null."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @signature()
    def _func_root(self) -> object:
        return self._scope.root

    @signature()
    def _func_outer(self) -> object:
        return self._scope.outer

    @signature()
    def _func_key(self) -> object:
        return self._scope.key

    @signature()
    def _func_fan(self) -> object:
        return self._scope.fan

    @signature()
    def _func_headers(self) -> object:
        return self._scope.headers

    @signature()
    def _func_query(self) -> object:
        return self._scope.query

    @signature(_TEXT)
    def _func_parse_json(self, text: str | None) -> object:
        try:
            return loose_json(text) if text is not None else None
        except Malformed:
            return None

    @signature(_TEXT, _NAME)
    def _func_url_param(self, url: str | None, name: str) -> object:
        return parameter(url, name)

    @signature(_TEXT)
    def _func_url_path(self, url: str | None) -> object:
        return link(url).get("path")

    @signature(_TEXT, _NAME)
    def _func_split(self, text: str | None, separator: str) -> object:
        return text.split(separator) if text is not None else None

    @signature(_TEXT)
    def _func_lower(self, text: str | None) -> object:
        return text.lower() if text is not None else None

    @signature({"types": ["number", "null"]}, {"types": ["number"]})
    def _func_divided(self, number: float | None, by: float) -> object:
        return int(number // by) if number is not None and by else None

    @signature(_ANY, _NAME)
    def _func_day(self, value: object, unit: str) -> object:
        match unit:
            case "iso" | "s" | "ms":
                now = self._scope.received_at
                moment = instant(value, unit, name="day()", received_at=now, zone="UTC") if value else None
                return f"{moment:%Y-%m-%d}" if moment else None
            case _:
                raise ValueError("the unit of day() is iso, s or ms")
