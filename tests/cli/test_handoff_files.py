"""`handraiser export handoffs` and `handraiser import --kind handoffs`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_importing import written

PAST = """\
partner,external_id,outcome,reason,value,closed_at,by
p1,crm-1,converted,,950.5,2026-03-02T09:00:00Z,Robin
p1,crm-2,rejected,=no budget,,2026-03-03T09:00:00Z,
p9,crm-3,accepted,,,2026-03-03T09:00:00Z,
"""


@pytest.fixture
def imported(acme: Command, tmp_path: Path) -> Command:
    """Two calls of another system, and one of a partner that is not here."""
    acme("import", written(tmp_path, "p.csv", "id\np1\n"), "--program", "acme", "--kind", "partners")
    done = acme("import", written(tmp_path, "past.csv", PAST), "--program", "acme", "--kind", "handoffs")
    assert (done.returncode, done.stdout.strip()) == (1, "2 recorded, 1 rejected")
    assert "line 4: partner is no partner" in done.stderr
    return acme


def test_ndjson(imported: Command) -> None:
    done = imported("export", "handoffs", "--program", "acme")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["external_id"], each["value"]) for each in found] == [("crm-1", 950.5), ("crm-2", None)]


@pytest.mark.parametrize("name", ["h.csv", "h.ndjson"])
def test_an_export_imported_changes_nothing(imported: Command, tmp_path: Path, name: str) -> None:
    arguments = ("export", "handoffs", "--program", "acme", "--format", name.split(".")[1])
    first = imported(*arguments)
    file = written(tmp_path, name, first.stdout)
    again = imported("import", file, "--program", "acme", "--kind", "handoffs")
    assert (again.returncode, again.stdout.strip()) == (0, "2 unchanged")
    assert imported(*arguments).stdout == first.stdout


def test_some(imported: Command) -> None:
    some = imported("export", "handoffs", "--program", "acme", "--since", "2026-03-03", "--state", "closed")
    assert [json.loads(line)["external_id"] for line in some.stdout.splitlines()] == ["crm-2"]
    none = imported("export", "handoffs", "--program", "acme", "--until", "2026-03-02")
    assert none.stdout == ""


def test_a_program_that_is_not_there(acme: Command) -> None:
    done = acme("export", "handoffs", "--program", "nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nobody" in done.stderr
