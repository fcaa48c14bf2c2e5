"""Whatever is posted, an adapter raises nothing but Malformed, and every item is accounted for."""

import copy
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Malformed
from app.sources.adapter import Incoming, checked_settings
from app.sources.attending import attendance
from app.sources.registry import ADAPTERS, PLACES
from tests.sources.samples import DATA, RECEIVED_AT

NATIVE = sorted(PLACES)
SAMPLES: dict[str, list[Any]] = {
    kind: [
        json.loads(path.read_text())["body"]
        for path in sorted((DATA / kind).glob("*.json"))
        if path.stem != "vectors"
    ]
    for kind in NATIVE
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["\ud83d", "\x00", "x" * 300, "2026-03-12T15:00:00Z", 1763000900, 1763000900000, 10**30, "\r\n"]
    )
)
JSON = st.recursive(
    SCALARS, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3)
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "authorization",
            "content-encoding",
            "content-type",
            "ce-id",
            "ce-partnerid",
            "ce-source",
            "ce-specversion",
            "ce-type",
            "webhook-request-origin",
            "webhook-request-rate",
            "webhook-signature",
            "x-api-key",
            "x-hubspot-request-timestamp",
            "x-hubspot-signature",
            "x-hubspot-signature-v3",
            "x-hubspot-signature-version",
            "x-signature",
            "x-twilio-email-event-webhook-signature",
            "x-twilio-email-event-webhook-timestamp",
            "x-write-key",
            "x-zm-request-timestamp",
            "x-zm-signature",
        ]
    ),
    st.text(max_size=20)
    | st.sampled_from(
        [
            "1.0",
            "gzip",
            "multipart/form-data; boundary=x",
            "multipart/form-data; boundary=",
            "application/x-www-form-urlencoded",
            "application/cloudevents+json",
            "application/cloudevents-batch+json",
            "application/json",
            "Basic eA==",
            "%C0",
            "9" * 40,
        ]
    ),
    max_size=5,
)
PATHS = st.sampled_from(["", "/", "/v1/batch", "/v1/track", "/v1/p", "/x"])
METHODS = st.sampled_from(["POST", "OPTIONS", "GET", "HEAD"])
SECRETS = st.lists(st.text(max_size=10), max_size=2)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in the document something could be replaced."""
    inner = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    return [path, *(place for name, value in inner for place in places(value, (*path, name)))]


@st.composite
def damaged(draw: st.DrawFn, kind: str) -> bytes:
    """A sample with up to three parts replaced."""
    return json.dumps(damage(draw, draw(st.sampled_from(SAMPLES[kind])))).encode()


@st.composite
def damaged_inside(draw: st.DrawFn) -> bytes:
    """What SES publishes is JSON in a text of JSON."""
    envelope = draw(st.sampled_from([each for each in SAMPLES["ses"] if each["Message"].startswith("{")]))
    message = json.dumps(damage(draw, json.loads(envelope["Message"])))
    return json.dumps(envelope | {"Message": message}).encode()


def damage(draw: st.DrawFn, sample: Any) -> Any:
    """A copy with up to three parts replaced by any JSON."""
    document = {"": copy.deepcopy(sample)}
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(document)[1:]))
        target: Any = document
        for name in way:
            target = target[name]
        target[last] = draw(JSON)
    return document[""]


def bodies(kind: str) -> st.SearchStrategy[bytes]:
    written = damaged(kind) | JSON.map(lambda value: json.dumps(value).encode())
    written = written | damaged_inside() if kind == "ses" else written
    return written | written.map(gzip.compress) | st.binary(max_size=200)


def incoming_of(kind: str) -> st.SearchStrategy[Incoming]:
    query = st.dictionaries(
        st.sampled_from(["action", "access_token", "api_key", "partner_id"]), st.text(max_size=20), max_size=2
    )
    return st.builds(
        Incoming, HEADERS, bodies(kind), query, method=METHODS, url=st.text(max_size=30), path=PATHS
    )


@pytest.mark.parametrize("kind", NATIVE)
@given(data=st.data())
def test_nothing_but_malformed_is_raised(kind: str, data: st.DataObject) -> None:
    adapter, incoming, secrets = ADAPTERS[kind], data.draw(incoming_of(kind)), data.draw(SECRETS)
    adapter.needs(incoming)
    adapter.verify(incoming, secrets, received_at=RECEIVED_AT)
    adapter.handshake(incoming, secrets)
    try:
        translation = adapter.translate(incoming, checked_settings(adapter, {}), received_at=RECEIVED_AT)
    except Malformed:
        return
    assert all(refused.reason for refused in translation.refused)
    assert all(attendance([fragment]).id for fragment in translation.fragments)
    assert json.dumps([event.model_dump(mode="json") for event in translation.events])


WRAPPED = {"segment": "batch", "mautic": "mautic.email_on_open"}
GOOD: dict[str, Any] = {
    "hubspot": SAMPLES["hubspot"][0][0],
    "sendgrid": SAMPLES["sendgrid"][0][1],
    "segment": SAMPLES["segment"][1],
    "mautic": SAMPLES["mautic"][0]["mautic.email_on_open"][0],
    "cloudevents": SAMPLES["cloudevents"][2],
}


@pytest.mark.parametrize("kind", GOOD)
@given(bad=JSON)
def test_a_bad_item_harms_no_neighbour(kind: str, bad: object) -> None:
    adapter = ADAPTERS[kind]
    items = [GOOD[kind], bad, GOOD[kind]]
    body = json.dumps({WRAPPED[kind]: items} if kind in WRAPPED else items).encode()
    incoming = Incoming({"content-type": "application/cloudevents-batch+json"}, body, {})
    translation = adapter.translate(incoming, checked_settings(adapter, {}), received_at=RECEIVED_AT)
    assert len(translation.events) == 2
    assert len(translation.refused) + translation.ignored == 1
