"""Contacts: whoever becomes known gets the events that waited; whoever is erased takes no points along."""

import httpx2
import pytest

from tests.api.calls import Json, ago, click, every, is_problem, post, raise_hand, score

JO = "jo@acme.example"
FORM: Json = {"email": JO, "partner": "acme", "name": "Jo", "persona": "technical"}


@pytest.fixture
async def acme(client: httpx2.AsyncClient, activated: int) -> None:
    """The partner is known."""
    await client.put("/v1/partners/acme", json={"name": "Acme GmbH"})


@pytest.mark.usefixtures("acme")
async def test_put_and_get_by_id_or_address(client: httpx2.AsyncClient) -> None:
    stored = await client.put("/v1/contacts/crm-7", json=FORM | {"email": "Jo@Acme.example"})
    assert stored.json() == {"id": "crm-7", "aliases": [], **FORM}
    for name in ("crm-7", JO, "JO@ACME.EXAMPLE"):
        assert (await client.get(f"/v1/contacts/{name}")).json() == stored.json()


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("name", [JO, "crm-7"])
async def test_parked_events_count_on_their_own_days(client: httpx2.AsyncClient, name: str) -> None:
    await post(
        client,
        click("1", partner=None, contact=name, occurred_at=ago(days=10)),
        click("2", partner=None, contact=name, occurred_at=ago(days=5)),
    )
    await client.put("/v1/contacts/crm-7", json=FORM)
    assert await every(client, "/v1/events/parked") == []
    days = [ago(days=days)[:10] for days in (11, 10, 6, 5)]
    assert [await score(client, as_of=day) for day in days] == [0.0, 5.0, 5.0, 10.0]


@pytest.mark.usefixtures("acme")
async def test_old_parked_events_open_no_handoff(client: httpx2.AsyncClient) -> None:
    show = click(type="tradeshow.attended", partner=None, contact=JO, occurred_at=ago(days=8))
    await post(client, show)
    await client.put("/v1/contacts/crm-7", json=FORM)
    assert await score(client) == 30.0
    assert await every(client, "/v1/handoffs") == []


@pytest.mark.usefixtures("acme")
async def test_contact_without_a_partner_is_found_by_domain(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/partners/acme", json={"domains": ["acme.example"]})
    await client.put("/v1/contacts/crm-7", json={"email": JO})
    (result,) = await post(client, click(partner=None, contact="crm-7"))
    assert (result["status"], result["partner"]) == ("accepted", "acme")


@pytest.mark.usefixtures("acme")
async def test_persona_is_kept_on_the_event(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/contacts/crm-7", json=FORM)
    await post(client, click(contact="crm-7"))
    await client.put("/v1/contacts/crm-7", json=FORM | {"persona": "sales"})
    (event,) = await every(client, "/v1/events")
    assert (event["persona"], event["contact"]) == ("technical", "crm-7")


async def test_partner_that_is_new_is_created(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/contacts/crm-7", json=FORM)
    assert (await client.get("/v1/partners/acme")).json()["name"] is None


@pytest.mark.usefixtures("acme")
async def test_an_alias_is_a_name_like_the_others(client: httpx2.AsyncClient) -> None:
    await post(client, click(partner=None, contact="mautic:26"))
    stored = await client.put(
        "/v1/contacts/crm-7", json=FORM | {"aliases": ["mautic:26", "Jo.Sand@Acme.example"]}
    )
    assert stored.json()["aliases"] == ["jo.sand@acme.example", "mautic:26"]
    assert await score(client) == 5.0
    for name in ("mautic:26", "JO.SAND@acme.example"):
        assert (await client.get(f"/v1/contacts/{name}")).json() == stored.json()
    kept = await client.put("/v1/contacts/crm-7", json=FORM | {"name": "Jo Sand"})
    assert kept.json()["aliases"] == stored.json()["aliases"]


@pytest.mark.usefixtures("acme")
async def test_an_alias_of_another_is_refused(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/contacts/crm-7", json={"aliases": ["mautic:26"]})
    answers = [
        await client.put("/v1/contacts/mautic:26", json={}),
        await client.put("/v1/contacts/crm-8", json={"aliases": ["mautic:26"]}),
    ]
    for answer in answers:
        assert is_problem(answer, 409, "conflict")
        assert "'crm-7'" in answer.json()["detail"]


@pytest.mark.usefixtures("acme")
async def test_two_taken_for_one_can_be_parted(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/contacts/crm-7", json={"partner": "acme", "aliases": ["crm-8", "anon-1"]})
    await client.put("/v1/contacts/crm-7", json={"partner": "acme", "aliases": ["anon-1"]})
    assert (await client.put("/v1/contacts/crm-8", json={"partner": "other"})).status_code == 200
    results = await post(client, *(click(each, partner=None, contact=each) for each in ("anon-1", "crm-8")))
    assert [each["partner"] for each in results] == ["acme", "other"]


@pytest.mark.usefixtures("acme")
async def test_erased_by_an_alias(client: httpx2.AsyncClient) -> None:
    names = ("crm-7", "mautic:26", JO)
    await client.put("/v1/contacts/crm-7", json=FORM | {"aliases": ["mautic:26"]})
    await post(client, *(click(name, contact=name) for name in names))
    assert (await client.delete("/v1/contacts/mautic:26")).status_code == 204
    shown = [event["contact"] for event in await every(client, "/v1/events")]
    assert len(shown) == 3
    assert not set(shown) & set(names)
    for name in names:
        assert is_problem(await client.get(f"/v1/contacts/{name}"), 404, "not_found")
    assert await score(client) == 15.0


async def test_address_belongs_to_one_contact(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/contacts/crm-7", json={"email": JO})
    answer = await client.put("/v1/contacts/crm-8", json={"email": JO.upper()})
    assert is_problem(answer, 409, "conflict")


@pytest.mark.parametrize("email", ["no address", "a@b@c", "@", "x" * 250 + "@a.example", "a\x00@b.example"])
async def test_what_is_no_address(client: httpx2.AsyncClient, email: str) -> None:
    assert is_problem(await client.put("/v1/contacts/crm-7", json={"email": email}), 422, "invalid")


@pytest.mark.parametrize("id_", ["%20", "%09%20"])
async def test_blank_id(client: httpx2.AsyncClient, id_: str) -> None:
    assert is_problem(await client.put(f"/v1/contacts/{id_}", json={}), 422, "invalid")


@pytest.mark.usefixtures("acme")
async def test_erased_is_gone_everywhere_and_totals_stay(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/contacts/crm-7", json=FORM)
    handoff = await raise_hand(client, contact="crm-7")
    await post(client, click("by address", contact=JO))
    known = (await client.get("/v1/partners/acme/score")).json()
    assert (await client.delete("/v1/contacts/crm-7")).status_code == 204
    assert is_problem(await client.get("/v1/contacts/crm-7"), 404, "not_found")
    found = [await client.get(path) for path in ("/v1/events", f"/v1/handoffs/{handoff}")]
    assert not [word for answer in found for word in ("crm-7", JO, "Jo ") if word in answer.text]
    left = (await client.get("/v1/partners/acme/score")).json()
    assert (left["score"], left["lines"]) == (known["score"], known["lines"])


async def test_erase_of_an_unknown_person(client: httpx2.AsyncClient) -> None:
    assert is_problem(await client.delete("/v1/contacts/none"), 404, "not_found")
