"""A partner's segment: what it has at some path of its attributes."""

import json
from collections.abc import Mapping
from typing import Any

from app.documents.parts import tidy
from app.scoring.condition import found_at

EVERYBODY = "null"


def segment_of(attributes: Mapping[str, object], path: str) -> str:
    """The segment, as canonical JSON: null if there is nothing at the dotted path; 30.0 is 30."""
    return json.dumps(tidy(found_at(attributes, path.split("."))), sort_keys=True, ensure_ascii=False)


def value_of(segment: str) -> Any:
    """What the partners of a segment have there."""
    return json.loads(segment)
