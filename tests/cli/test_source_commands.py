"""`handraiser source`: a request is tried offline, and a source set up and looked after without HTTP."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import httpx2
import pytest

from tests.cli.conftest import Command
from tests.support.server import handraiser, serving

MAPPINGS = Path(__file__).parents[2] / "examples" / "mappings"
NOWHERE = "sqlite:////nowhere/at-all.db"
OPEN = {"email": "jo@acme.example", "timestamp": 1763000030, "event": "open", "sg_event_id": "ev-1"}


def tried(body: Path | bytes, folder: Path, *options: str | Path) -> CompletedProcess[str]:
    """`handraiser source test` where there is no database."""
    file = body if isinstance(body, Path) else folder / "body"
    if isinstance(body, bytes):
        file.write_bytes(body)
    return handraiser(NOWHERE, "source", "test", file, *options)


def test_mapping_shows_events_and_why_and_what_is_refused(tmp_path: Path) -> None:
    done = tried(MAPPINGS / "academy.body.json", tmp_path, "--mapping", MAPPINGS / "academy.yaml")
    assert done.returncode == 1
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "items.0 becomes webinar.attended" in lines
    assert "contact pat@reseller.example <- learner.mail" in lines
    assert any(line.startswith("items.3 is refused: `uuid` gives nothing") for line in lines)
    assert any(line.startswith("items.2 is ignored") for line in lines)


def test_kind_with_all_understood(tmp_path: Path) -> None:
    done = tried(json.dumps([OPEN]).encode(), tmp_path, "--kind", "sendgrid", "--query", "partner_id=acme")
    assert (done.returncode, done.stderr) == (0, "")
    assert "items.0 becomes email.opened" in done.stdout
    assert "acme" in done.stdout


def test_json_is_the_answer_of_the_route(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("partner: [{path: account}]")
    body = json.dumps([OPEN | {"account": "beta"}]).encode()
    done = tried(body, tmp_path, "--kind", "sendgrid", "--settings", settings, "--json")
    (event,) = json.loads(done.stdout)["events"]
    assert (event["id"], event["partner"]) == ("ev-1", "beta")


@pytest.mark.parametrize(("token", "code"), [("s3cret", 0), ("other", 1)])
def test_secret_says_whether_it_is_genuine(tmp_path: Path, token: str, code: int) -> None:
    header = f"Authorization: Bearer {token}"
    event = {"specversion": "1.0", "id": "1", "source": "/prm", "type": "deal.registered", "partner": "acme"}
    options = ("--kind", "cloudevents", "--secret", "s3cret", "--header", header)
    content = ("--header", "Content-Type: application/cloudevents+json")
    done = tried(json.dumps(event).encode(), tmp_path, *options, *content)
    assert done.returncode == code, done.stdout


def test_what_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    body = json.dumps([OPEN | {"sg_event_id": "[/red]", "category": "[bold]x"}]).encode()
    done = tried(body, tmp_path, "--kind", "sendgrid")
    assert (done.returncode, "[/red]" in done.stdout, "[bold]x" in done.stdout) == (0, True, True)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--kind", "pigeon"),
        ("--kind", "zoom", "--header", "nothing"),
        ("--kind", "zoom", "--settings", MAPPINGS / "academy.events.json"),
        ("--mapping", MAPPINGS / "academy.body.json"),
    ],
)
def test_wrong_use_is_a_sentence(tmp_path: Path, options: tuple[str | Path, ...]) -> None:
    done = tried(b"{}", tmp_path, *options)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr


async def test_source_is_created_posted_to_and_looked_after(acme: Command, acme_url: str) -> None:
    made = acme("source", "create", "--program", "acme", "--name", "Mail", "--kind", "activecampaign")
    assert made.returncode == 0, made.stderr
    assert "Not yet seen in a real account" in made.stderr
    key = made.stdout.strip().rpartition("/")[2]
    async with serving(acme_url) as server, httpx2.AsyncClient(base_url=server.url) as platform:
        assert (await platform.post(f"/in/{key}", content=b"type=open&date_time=never")).status_code == 200
    listed = acme("source", "list", "--program", "acme").stdout
    assert ": enabled" in listed
    source = listed.split()[0]
    shown = acme("source", "requests", source, "--program", "acme", "--status", "quarantined").stdout
    assert "quarantined: 1 items, 0 events" in shown
    assert acme("source", "retry", source, "--program", "acme").stdout.strip().endswith(": 1.")
    assert "received: " in acme("source", "requests", source, "--program", "acme").stdout
