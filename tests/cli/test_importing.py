"""`handraiser import`: NDJSON and CSV, events and partners; once more changes nothing."""

import asyncio
import json
from pathlib import Path

import pytest

from app import clock
from app.db import open_database
from app.services.partners import Partner, get_partner
from tests.cli.conftest import Command
from tests.support.service import settings_for

EVENTS_CSV = """\
id,type,occurred_at,partner,contact,path,properties.minutes,paid
e1,page.viewed,2026-03-02T09:00:00Z,p1,jo@firm.example,/partners/x,,
e2,webinar.attended,2026-03-03T09:00:00+01:00,p1,,,42.5,true
e3,email.opened,2026-03-03T10:00:00Z,,who@firm.example,,,
"""
EVENTS_NDJSON = """\
{"id": "e1", "type": "page.viewed", "partner": "p1", "properties": {"path": "/partners/x"}}

{"id": "e2", "type": "webinar.attended", "partner": "p1", "occurred_at": "2026-03-03T09:00:00Z"}
{"id": "e3", "type": "email.opened", "contact": "who@firm.example"}
"""
PARTNERS_CSV = """\
id,name,domains,owner,employees,region
p1,Firm GmbH,firm.example;firm.test,rep@vendor.example,40,EMEA
p2,Überall & Söhne,,,,
"""
FIRM = {
    "id": "p1",
    "name": "Firm GmbH",
    "domains": ["firm.example", "firm.test"],
    "owner": "rep@vendor.example",
    "attributes": {"employees": 40, "region": "EMEA"},
}
PARTNERS_NDJSON = "\n".join(map(json.dumps, [FIRM, {"id": "p2", "name": "Überall & Söhne"}]))


def written(folder: Path, name: str, content: str) -> Path:
    """A file."""
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def partner(url: str, id_: str = "p1") -> Partner:
    """A partner as it is stored."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = open_database(settings_for(url))
        found = runner.run(database.read(lambda c: get_partner(c, "acme", id_, now=clock.now())))
        runner.run(database.close())
        return found


@pytest.mark.parametrize(("name", "content"), [("e.csv", EVENTS_CSV), ("e.ndjson", EVENTS_NDJSON)])
def test_events(acme: Command, acme_url: str, tmp_path: Path, name: str, content: str) -> None:
    file = written(tmp_path, name, content)
    first = acme("import", file, "--program", "acme")
    assert (first.returncode, first.stdout.strip()) == (0, "2 accepted, 1 parked")
    before = partner(acme_url)
    assert before.last_event_at is not None
    again = acme("import", file, "--program", "acme")
    assert (again.returncode, again.stdout.strip()) == (0, "3 duplicate")
    assert partner(acme_url) == before


@pytest.mark.parametrize(("name", "content"), [("p.csv", PARTNERS_CSV), ("p.ndjson", PARTNERS_NDJSON)])
def test_partners(acme: Command, acme_url: str, tmp_path: Path, name: str, content: str) -> None:
    file = written(tmp_path, name, content)
    for said in ("2 created", "2 replaced"):
        done = acme("import", file, "--program", "acme", "--kind", "partners")
        assert done.returncode == 0
        assert said in done.stdout
        assert partner(acme_url).model_dump(include=set(FIRM)) == FIRM
        assert partner(acme_url, "p2").name == "Überall & Söhne"


def test_bad_lines_are_told_and_harm_no_others(acme: Command, tmp_path: Path) -> None:
    event = {"id": "e1", "type": "page.viewed", "partner": "p1"}
    lines = [json.dumps(event), "{", '{"id": "e2"}', json.dumps(event | {"type": "x.y"})]
    done = acme("import", written(tmp_path, "e.ndjson", "\n".join(lines)), "--program", "acme")
    assert done.returncode == 1
    assert done.stdout.strip() == "1 accepted, 1 conflict, 2 rejected"
    assert "line 2" in done.stderr
    assert "line 3" in done.stderr


def test_a_row_that_is_too_long(acme: Command, tmp_path: Path) -> None:
    content = "id,type,partner\ne1,page.viewed,p1\ne2,page.viewed,p1,more\n"
    done = acme("import", written(tmp_path, "e.csv", content), "--program", "acme")
    assert (done.returncode, done.stdout.strip()) == (1, "1 accepted, 1 rejected")
    assert "line 3" in done.stderr


@pytest.mark.parametrize("name", ["e.txt", "e"])
def test_a_file_of_another_kind(acme: Command, tmp_path: Path, name: str) -> None:
    done = acme("import", written(tmp_path, name, ""), "--program", "acme")
    assert done.returncode == 1
    assert ".ndjson" in done.stderr


def test_a_program_that_is_not_there(acme: Command, tmp_path: Path) -> None:
    done = acme("import", written(tmp_path, "e.csv", EVENTS_CSV), "--program", "nobody")
    assert done.returncode == 1
    assert "nobody" in done.stderr
