"""The command line, each command as a real process: what it prints where, and its exit code."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from app.db import open_database
from app.models import tallies
from tests.cli.conftest import EXAMPLES, Command, command_on, set_up
from tests.support.postgres import Postgres
from tests.support.server import handraiser, serving
from tests.support.service import settings_for

NOWHERE = "sqlite:////nowhere/at/all.db"
EVENTS = EXAMPLES / "worked-example.events.ndjson"


async def test_a_key_is_alone_on_standard_output_and_opens_what_it_says(acme: Command, acme_url: str) -> None:
    made = acme("key", "create", "--program", "acme", "--scope", "read")
    assert made.returncode == 0
    assert re.fullmatch(r"hrk_[0-9A-Za-z]{36}\n", made.stdout)
    async with serving(acme_url) as server, server.client(made.stdout.strip()) as client:
        answers = [await client.get("/v1/partners"), await client.post("/v1/events", json={})]
        assert [answer.status_code for answer in answers] == [200, 403]


@pytest.mark.parametrize(
    "arguments",
    [
        ["program", "create", "acme"],
        ["key", "create", "--program", "nobody", "--scope", "read"],
        ["key", "create", "--program", "acme", "--scope", "everything"],
        ["key", "create", "--program", "acme", "--scope", "read", "--name", " "],
        ["rubric", "activate", "9", "--program", "acme"],
        ["rubric", "push", str(EXAMPLES / "worked-example.yaml"), "--program", "nobody"],
        ["verify", "--program", "nobody"],
    ],
)
def test_what_cannot_be_done_is_a_sentence(acme: Command, arguments: list[str]) -> None:
    done = acme(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_every_command() -> None:
    shown = handraiser(NOWHERE, "--help").stdout
    names = ("serve", "work", "migrate", "program", "key", "rubric", "import", "verify", "demo")
    assert [name for name in names if f" {name} " not in shown] == []


def test_all_of_it_on_postgresql(postgres: Postgres) -> None:
    """Nothing works before `migrate`, and everything after."""
    acme = command_on(postgres.create("commands"))
    refused = acme("program", "create", "acme")
    assert refused.returncode == 1
    assert "handraiser migrate" in refused.stderr
    assert acme("migrate").returncode == 0
    set_up(acme)
    assert acme("import", EVENTS, "--program", "acme").returncode == 0
    assert acme("verify").returncode == 0
    postgres.drop("commands")


class TestRubrics:
    """`handraiser rubric`."""

    @pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: str(file.name))
    def test_the_examples_are_valid(self, file: Path) -> None:
        assert handraiser(NOWHERE, "rubric", "check", file).returncode == 0

    def test_all_errors_at_once(self, tmp_path: Path) -> None:
        """Offline: the database that is named does not exist."""
        file = tmp_path / "bad.yaml"
        file.write_text("name: Bad\nrules:\n- {id: a, on: Page, points: x}\nbands: {hot: []}\nextra: 1\n")
        checked = handraiser(NOWHERE, "rubric", "check", file)
        assert (checked.returncode, checked.stdout) == (1, "")
        paths = ("rules.0.on", "rules.0.points", "bands.hot", "extra")
        assert [path for path in paths if f"{path}:" not in checked.stderr] == []

    def test_no_yaml_at_all(self, tmp_path: Path) -> None:
        file = tmp_path / "bad.yaml"
        file.write_bytes(b"\x00: [")
        checked = handraiser(NOWHERE, "rubric", "check", file)
        assert checked.returncode == 1
        assert "Traceback" not in checked.stderr

    def test_pushing_the_same_again_is_the_same_version(self, acme: Command) -> None:
        again = acme("rubric", "push", EXAMPLES / "worked-example.yaml", "--program", "acme")
        assert "Version 1 of acme is stored (active)" in again.stdout
        other = acme("rubric", "push", EXAMPLES / "partner-nurture.yaml", "--program", "acme")
        assert "Version 2 of acme is stored (draft)" in other.stdout


async def test_verify_finds_a_planted_fault(acme: Command, acme_url: str) -> None:
    """Planted: tallies that are one too high."""
    acme("import", EVENTS, "--program", "acme")
    await change_tallies(acme_url, 1)
    found = acme("verify")
    assert found.returncode == 1
    assert "tally" in found.stdout
    await change_tallies(acme_url, -1)
    assert acme("verify").returncode == 0


async def change_tallies(url: str, change: int) -> None:
    """Spoil every tally, or mend it."""
    database = open_database(settings_for(url))

    def work(connection: Connection) -> None:
        connection.execute(update(tallies).values(count=tallies.c.count + change))

    await database.write(work)
    await database.close()


def test_the_demo_tells_its_story() -> None:
    told = handraiser(NOWHERE, "demo", "--once", "--port", "0")
    assert told.returncode == 0, told.stderr
    raised = re.search(r"(\d+) of 200 partners raised a hand", told.stdout)
    verified = re.search(r"(\d+) messages? whose signature verified", told.stdout)
    assert raised
    assert verified
    assert raised[1] == verified[1] > "0"
