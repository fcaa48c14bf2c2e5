"""`POST /v1/sources/test` and `GET /v1/sources/kinds`: what a source would do, before there is one."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.sources.registry import KINDS
from app.sources.shared_secrets import mac
from tests.api.calls import Json, client_of, every, is_problem, key_of
from tests.api.test_sources import FORM, SIGNER, item, signed
from tests.sources.samples import sample, vector
from tests.support.service import Service

EXAMPLES = Path(__file__).parents[2] / "examples" / "mappings"
MAPPING = (EXAMPLES / "academy.yaml").read_text()
BODY = json.loads((EXAMPLES / "academy.body.json").read_text())
EVENTS = json.loads((EXAMPLES / "academy.events.json").read_text())


async def shown(client: httpx2.AsyncClient, **form: Any) -> Json:
    """What the service says that a request would come to."""
    answer = await client.post("/v1/sources/test", json=form)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_mapping_shows_events_and_why(client: httpx2.AsyncClient) -> None:
    found = await shown(client, mapping=MAPPING, body=BODY)
    assert [
        {name: event[name] for name in wanted} for event, wanted in zip(found["events"], EVENTS, strict=True)
    ] == EVENTS
    assert found["events"][0]["why"]["contact"] == "learner.mail"
    assert [(each["path"], "`uuid` gives nothing" in each["message"]) for each in found["errors"]] == [
        ("items.3", True)
    ]
    assert [each["why"]["type"] for each in found["ignored"]] == ["kind|action is 'badge|awarded'"]
    assert (found["respond"]["status"], found["verified"]) == (200, None)


async def test_nothing_is_stored(client: httpx2.AsyncClient, activated: int) -> None:
    made = (await client.post("/v1/sources", json=FORM)).json()
    assert (await shown(client, source=made["id"], body=[item("a")]))["events"]
    assert await every(client, "/v1/events") == []
    assert await every(client, f"/v1/sources/{made['id']}/requests") == []
    assert await every(client, "/v1/partners") == []


async def test_own_source_verifies_with_its_own_secret(client: httpx2.AsyncClient) -> None:
    made = (await client.post("/v1/sources", json=FORM)).json()
    body = json.dumps([item("a")])
    for text, genuine in ((body, True), (body + " ", False)):
        headers = signed(body.encode(), key=SIGNER)
        found = await shown(client, source=made["id"], headers=headers, body=text)
        assert (found["verified"], found["events"][0]["source"]) == (genuine, made["id"])
    assert (await shown(client, source=made["id"], secrets=[], body=body))["verified"] is None


async def test_foreign_source_is_not_found(
    service: Service, client: httpx2.AsyncClient, program: str
) -> None:
    made = (await client.post("/v1/sources", json=FORM)).json()
    async with client_of(service, await key_of(service, f"{program}-other")) as foreigner:
        answer = await foreigner.post("/v1/sources/test", json={"source": made["id"], "body": []})
    assert is_problem(answer, 404, "not_found")


async def test_settings_in_place_of_the_sources_own(client: httpx2.AsyncClient) -> None:
    made = (await client.post("/v1/sources", json=FORM)).json()
    other = {"partner": [{"path": "account"}], "partner_argument": "nothing"}
    body = [item("a", account="beta")]
    found = [await shown(client, source=made["id"], body=body, **more) for more in ({}, {"settings": other})]
    assert [each["events"][0]["partner"] for each in found] == ["acme", "beta"]


async def test_joining_shows_the_attendance_so_far(client: httpx2.AsyncClient) -> None:
    joined = sample("zoom", "webinar_participant_joined")["body"]
    found = await shown(client, kind="zoom", body=joined, received_at="2026-11-21T19:25:00Z")
    (attendance,) = found["attendances"]
    assert (attendance["type"], found["events"], found["errors"]) == ("webinar.attended", [], [])
    assert found["respond"]["body"]["events"] == 1


async def test_challenge_shows_its_answer(client: httpx2.AsyncClient) -> None:
    known = vector("zoom", "zoom_url_validation")
    body = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": known["plainToken"]}})
    stamp = "1763000035"
    proof = mac(known["secret"], f"v0:{stamp}:{body}".encode()).hex()
    headers = {"X-Zm-Request-Timestamp": stamp, "X-Zm-Signature": f"v0={proof}"}
    found = await shown(client, kind="zoom", secrets=[known["secret"]], headers=headers, body=body)
    assert found["verified"] is True
    assert found["respond"]["body"]["encryptedToken"] == known["encryptedToken"]


@pytest.mark.parametrize("answer", [{"text": "a"}, {"echo": {"a": "a"}}], ids=["text", "object"])
async def test_half_a_character_cannot_be_an_answer(client: httpx2.AsyncClient, answer: Json) -> None:
    challenge = {"when": "a", "unsigned": True, **answer}
    mapping = {"name": "x", "verify": {"by": "path"}, "type": "a.b", "id": "i", "contact": "c"}
    found = await shown(client, mapping=mapping | {"challenge": [challenge]}, body=r'{"a": "\ud800"}')
    assert (found["respond"]["body"], len(found["errors"])) == ("ok", 1)
    source = {"name": "x", "mapping": mapping | {"challenge": [challenge]}}
    made = (await client.post("/v1/sources", json=source)).json()
    assert (await client.post(f"/in/{made['key']}", content=rb'{"a": "\ud800"}')).status_code == 200


async def test_gzip_in_base64(client: httpx2.AsyncClient) -> None:
    call = {"type": "track", "event": "Deal Registered", "messageId": "m-1", "userId": "u-1"}
    packed = base64.b64encode(gzip.compress(json.dumps({"batch": [call]}).encode())).decode()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    found = await shown(
        client, kind="segment", path="/v1/batch", headers=headers, body=packed, encoding="base64"
    )
    assert [each["type"] for each in found["events"]] == ["deal.registered"]


async def test_body_that_cannot_be_read(client: httpx2.AsyncClient) -> None:
    found = await shown(client, kind="sendgrid", body="{")
    assert [(each["path"], each["message"]) for each in found["errors"]] == [
        ("body", "The body is not JSON.")
    ]
    assert found["respond"]["body"]["status"] == "unreadable"


async def test_event_of_the_future_is_refused_as_it_would_be(client: httpx2.AsyncClient) -> None:
    form = {"kind": "sendgrid", "received_at": "2026-03-02T09:00:00Z"}
    found = await shown(client, **form, body=[item("late", timestamp=1_772_446_000)])
    assert found["events"] == []
    assert ["in the future" in each["message"] for each in found["errors"]] == [True]


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ({}, "kind"),
        ({"kind": "pigeon"}, "kind"),
        ({"kind": "zoom", "mapping": MAPPING}, "kind"),
        ({"kind": "zoom", "source": "src_1"}, "source"),
        ({"kind": "zoom", "settings": {"typo": 1}}, "settings.typo"),
        ({"kind": "sendgrid", "secrets": ["x"]}, "secrets.0"),
        ({"kind": "zoom", "body": "not base64!", "encoding": "base64"}, "body"),
        ({"mapping": {"name": "x", "verify": {"by": "path"}, "type": "a.b"}}, "id"),
    ],
)
async def test_what_cannot_be_tried_is_refused(client: httpx2.AsyncClient, form: Json, path: str) -> None:
    answer = await client.post("/v1/sources/test", json=form)
    assert is_problem(answer, 422, "invalid"), answer.text
    assert path in [error["path"] for error in answer.json()["errors"]]


HOSTILE = "[" * 60 + "@" + "]" * 60


@pytest.mark.parametrize(
    "expression",
    [
        " | ".join(["[@,@]"] * 80),
        "*[].*[].*[].*[].*[]",
        "sort_by(@, &to_string(@))",
        HOSTILE,
        "join(`x`, map(&to_string(root()), `[1,2,3,4,5,6,7,8,9]`))",
    ],
)
async def test_hostile_mapping_is_answered(client: httpx2.AsyncClient, expression: str) -> None:
    mapping = {"name": "x", "verify": {"by": "path"}, "type": "a.b", "id": expression, "contact": "c"}
    items = [{"c": "jo@acme.example", "deep": [[n] * 50 for n in range(50)]}] * 50
    answer = await client.post("/v1/sources/test", json={"mapping": mapping, "body": items}, timeout=15)
    assert answer.status_code in {200, 422}
    if answer.status_code == 200:
        assert answer.json()["events"] == []


# What is in it can be no JSON of ours: infinite numbers, halves of characters.
WILD = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text("ab\x00@\ud800é", max_size=9),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
SAMPLES = [
    sample(kind, name)["body"]
    for kind, name in (
        ("zoom", "webinar_participant_joined"),
        ("mailgun", "clicked"),
        ("mautic", "email_on_open"),
        ("ses", "click"),
        ("calendly", "invitee_created"),
    )
]
NAMES = some.sampled_from(
    ["authorization", "content-type", "content-encoding", "ce-id", "ce-type", "x-zm-signature", "user-agent"]
)


@some.composite
def bodies(draw: some.DrawFn) -> str:
    """Anything, or a sample with anything in the place of one of its parts, as it would be posted."""
    wild = draw(WILD)
    known = draw(some.sampled_from(SAMPLES))
    part = draw(some.none() | some.sampled_from(sorted(known)))
    return json.dumps(wild if part is None else known | {part: wild})


@pytest.mark.parametrize("kind", KINDS)
def test_anything_at_all_is_answered(service: Service, kind: str) -> None:
    with start_blocking_portal() as portal:
        key = portal.call(key_of, service, "anything")

        async def tried(form: Json) -> httpx2.Response:
            async with client_of(service, key) as client:
                return await client.post("/v1/sources/test", json=form)

        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            body=bodies() | some.text(max_size=30), headers=some.dictionaries(NAMES, some.text(max_size=20))
        )
        def answers(body: str, headers: dict[str, str]) -> None:
            answer = portal.call(tried, {"kind": kind, "body": body, "headers": headers})
            assert answer.status_code in {200, 422}, answer.text
            if answer.status_code == 200:
                assert answer.json().keys() >= {"events", "respond", "errors"}

        answers()


async def test_kinds_have_all_that_a_form_needs(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/sources/kinds")
    kinds = {each["kind"]: each for each in answer.json()["items"]}
    assert kinds.keys() == set(KINDS)
    assert "Secret Token" in kinds["zoom"]["secret"]
    assert kinds["activecampaign"]["secret"] is None
    assert "partner_argument" in kinds["sendgrid"]["settings"]["properties"]
    assert all(each["uncertain"] for each in kinds.values() if each["is_preset"])
    assert all(any("{url}" in step for step in each["steps"]) for each in kinds.values())
    tag = answer.headers["etag"]
    again = await client.get("/v1/sources/kinds", headers={"If-None-Match": tag})
    assert again.status_code == 304


SECRETS = {"sendgrid": FORM["secrets"], "ses": ["arn:aws:sns:eu-west-1:111122223333:ses-events"]}


@pytest.mark.parametrize("kind", KINDS)
async def test_created_source_says_what_to_do_and_what_is_uncertain(
    client: httpx2.AsyncClient, kind: str
) -> None:
    known = {each["kind"]: each for each in (await client.get("/v1/sources/kinds")).json()["items"]}[kind]
    secrets = SECRETS.get(kind, ["user:password" if "user" in (known["secret"] or "") else "s3cret-s3cret"])
    form = {"kind": kind, "name": kind, "secrets": secrets if known["secret"] else []}
    answer = await client.post("/v1/sources", json=form)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert any(made["url"] in step for step in made["steps"])
    unseen = [f"Not yet seen in a real account: {each}" for each in known["uncertain"]]
    assert made["steps"][len(made["steps"]) - len(unseen) :] == unseen
