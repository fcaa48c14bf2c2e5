"""A partner's id is looked for where the source is set to, in order."""

from typing import Any

import pytest

from app.errors import Invalid
from app.sources.adapter import Incoming, checked_settings
from app.sources.registry import ADAPTERS, PLACES
from app.sources.resolving import partner_of
from tests.sources.samples import RECEIVED_AT

INCOMING = Incoming({"x-partner": "header"}, b"", {"partner_id": "query", "blank": " "})
ITEM: dict[str, Any] = {
    "id": 7,
    "blank": " ",
    "yes": True,
    "deep": {"er": {"id": "deep"}, "dot.ted": "dotted"},
    "list": [{"id": "first"}, {"id": "second"}],
    "tags": ["tag", "other"],
    "none": [],
}
LINK = "https://v.example/mdf?a=1&partner_id=link&partner_id=other#x"


@pytest.mark.parametrize(
    ("resolver", "found"),
    [
        ({"path": "id"}, "7"),
        ({"path": "deep.er.id"}, "deep"),
        ({"path": "deep.dot.ted"}, "dotted"),
        ({"path": "list.id"}, "first"),
        ({"path": "tags"}, "tag"),
        ({"path": "blank"}, None),
        ({"path": "yes"}, None),
        ({"path": "deep"}, None),
        ({"path": "none"}, None),
        ({"path": "none.id"}, None),
        ({"path": "id.id"}, None),
        ({"path": "."}, None),
        ({"header": "X-Partner"}, "header"),
        ({"header": "x-other"}, None),
        ({"query": "partner_id"}, "query"),
        ({"query": "blank"}, None),
        ({"link": "partner_id"}, "link"),
        ({"link": "b"}, None),
    ],
)
def test_each_place_is_looked_at(resolver: dict[Any, str], found: str | None) -> None:
    assert partner_of([resolver], ITEM, INCOMING, link=LINK) == found


@pytest.mark.parametrize("link", [None, 7, "", "https://[broken?partner_id=x", "no link"])
def test_an_odd_link_names_nobody(link: object) -> None:
    assert partner_of([{"link": "partner_id"}], ITEM, INCOMING, link=link) is None


def test_the_first_that_says_something_counts() -> None:
    resolvers: list[dict[Any, str]] = [{"path": "blank"}, {"query": "partner_id"}, {"path": "id"}]
    assert partner_of(resolvers, ITEM, INCOMING) == "query"
    assert partner_of([], ITEM, INCOMING) is None


@pytest.mark.parametrize("kind", PLACES)
def test_every_kind_can_be_set(kind: str) -> None:
    partner = [{"header": "x-partner"}, {"path": "a.b"}]
    assert checked_settings(ADAPTERS[kind], {"partner": partner})["partner"] == partner


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize(
    ("partner", "path"),
    [
        ("crm", "settings.partner"),
        ([{}], "settings.partner.0"),
        ([{"path": "a", "query": "b"}], "settings.partner.0"),
        ([{"path": ""}], "settings.partner.0.path"),
        ([{"cookie": "a"}], "settings.partner.0.cookie.[key]"),
        ([{"path": "a"}] * 21, "settings.partner"),
    ],
)
def test_a_resolver_that_is_none_is_refused_by_its_path(kind: str, partner: object, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_settings(ADAPTERS[kind], {"partner": partner})
    assert [error.path for error in caught.value.errors] == [path]


def test_sendgrids_custom_argument_goes_first() -> None:
    adapter = ADAPTERS["sendgrid"]
    item = b'{"email":"jo@x.example","timestamp":1763000900,"event":"click","sg_event_id":"e","crm":"c"%s}'
    settings = checked_settings(adapter, {"partner_argument": "crm"})

    def partner(more: bytes, url: bytes = b"") -> str | None:
        body = b"[" + (item % (more + url)) + b"]"
        return adapter.translate(Incoming({}, body, {}), settings, received_at=RECEIVED_AT).events[0].partner

    link = b',"url":"https://v.example/?partner_id=l"'
    assert (partner(b"", link), partner(b',"crm":""', link), partner(b',"crm":""')) == ("c", "l", None)
