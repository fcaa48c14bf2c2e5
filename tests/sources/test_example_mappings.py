"""The example mappings do what their pages say."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.sources.adapter import Incoming
from app.sources.mapping.adapter import MappingAdapter
from app.sources.mapping.reading import read_mapping

EXAMPLES = Path(__file__).parents[2] / "examples/mappings"
RECEIVED_AT = datetime(2025, 11, 13, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: str(path.stem))
def test_an_example_turns_its_body_into_its_events(path: Path) -> None:
    source = MappingAdapter(read_mapping(path.read_bytes()), "mapping")
    body = path.with_suffix(".body.json").read_bytes()
    translation = source.translate(Incoming({}, body, {}), {}, received_at=RECEIVED_AT)
    events = [
        event.model_dump(mode="json", exclude_none=True, exclude={"source"}) for event in translation.events
    ]
    assert events == json.loads(path.with_suffix(".events.json").read_text())


def test_the_academy_has_one_item_to_ignore_and_one_to_refuse() -> None:
    source = MappingAdapter(read_mapping((EXAMPLES / "academy.yaml").read_bytes()), "mapping")
    body = (EXAMPLES / "academy.body.json").read_bytes()
    translation = source.translate(Incoming({}, body, {}), {}, received_at=RECEIVED_AT)
    assert translation.ignored == 1
    assert [each.reason for each in translation.refused] == [
        "`uuid` gives nothing for `id`, so a repeat could not be told from a second event"
    ]
