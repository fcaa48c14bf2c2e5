"""`handraiser rubric`: what it prints, what it exits with, and that it may be killed at any moment."""

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import select

from app.cli import main
from app.db import T, Work, open_database
from app.models import preview_items, programs
from app.settings import Settings
from tests.support.play import SIMPLE, Play, rows_of

ROOT = Path(__file__).parents[2]
DEEP: dict[str, Any] = SIMPLE | {
    "rules": [
        {"id": "visit", "on": "page.viewed", "points": 2},
        {"id": "deep", "on": "page.viewed", "points": 30, "where": {"path": {"starts_with": "/d"}}},
    ]
}
PEOPLE = 23

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def play(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Some partners with SIMPLE active, on the database of the settings."""
    monkeypatch.setenv("HANDRAISER_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "100")
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:

        def run(work: Work[T]) -> T:
            async def go() -> T:
                database = open_database(Settings(database_url=database_url))
                try:
                    return await database.write(work)
                finally:
                    await database.close()

            return runner.run(go())

        played = Play(run)
        played.activate()
        paths = ["/deal" if n % 2 else "/jobs" for n in range(PEOPLE)]
        played.record(*(played.event(partner=f"p{n:02}", path=path) for n, path in enumerate(paths)))
        yield played


@pytest.fixture
def command(play: Play, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `handraiser rubric ...`: its exit code and all that it prints."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["handraiser", "rubric", *arguments, "--program", "acme"])
        with pytest.raises(SystemExit) as exited:
            main()
        printed = capsys.readouterr()
        return int(exited.value.code or 0), printed.out + printed.err

    return run


@pytest.fixture
def draft(play: Play, command: Command, tmp_path: Path) -> None:
    """DEEP stored as version 2."""
    file = tmp_path / "deep.yaml"
    with file.open("w") as text:
        YAML(typ="safe").dump(DEEP, text)
    code, said = command("push", str(file), "--note", "deals are worth a call")
    assert (code, "Version 2 of acme is stored (draft)" in said) == (0, True)


@pytest.mark.usefixtures("draft")
def test_preview_is_a_table_and_a_histogram(command: Command) -> None:
    code, said = command("preview", "2")
    assert code == 0
    assert "Version 2 against version 1" in said
    assert "11 would enter the queue" in said
    assert "0 would leave it" in said
    assert "####" in said
    assert "p01" in said


@pytest.mark.usefixtures("draft")
def test_preview_as_json(command: Command) -> None:
    code, said = command("preview", "2", "--json", "--as-of", "2026-03-16")
    found = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert (code, found["status"], found["partners"], found["entering"]["count"]) == (0, "done", PEOPLE, 11)


@pytest.mark.usefixtures("draft")
def test_diff_speaks_of_rules(command: Command) -> None:
    code, said = command("diff", "1", "2")
    assert code == 0
    assert "visit: 1 point -> 2 points" in said


@pytest.mark.usefixtures("draft")
def test_activate_then_roll_back(play: Play, command: Command) -> None:
    assert command("activate", "2", "--open-handoffs", "--limit", "3")[0] == 0
    assert sum(play.partner(each).open_handoff is not None for each in play.scores()) == 3
    code, said = command("rollback")
    assert (code, "Version 1 (Simple) is active" in said) == (0, True)
    assert set(play.scores().values()) == {1}


@pytest.mark.parametrize(
    "arguments",
    [
        ("preview", "9"),
        ("preview", "1", "--as-of", "soon"),
        ("preview", "1", "--as-of", "9998-01-01"),
        ("diff", "1", "9"),
        ("activate", "9"),
        ("rollback",),
        ("drop", "1"),
        ("drop", "9"),
    ],
)
def test_a_known_error_is_a_sentence_and_exit_code_1(command: Command, arguments: tuple[str, ...]) -> None:
    code, said = command(*arguments)
    assert code == 1
    assert "Traceback" not in said


@pytest.mark.usefixtures("draft")
def test_drop_and_prune(command: Command) -> None:
    assert command("drop", "2")[0] == 0
    assert "Signals forgotten: 1" in command("prune")[1]


def dies(dies_at: int, *arguments: str) -> None:
    """A `handraiser` that is killed in its n-th write."""
    mortal = [sys.executable, "-m", "tests.support.mortal", str(dies_at), *arguments, "--program", "acme"]
    done = subprocess.run(mortal, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.usefixtures("draft")
def test_activation_killed_again_and_again(play: Play, command: Command, database_url: str) -> None:
    """Before anything, while it counts, while it builds, in the switch; events arrive between two attempts.

    A first write, five that count, five that build, one that switches. Shown to fail by counting that leaves
    out the last partner of a step.
    """
    seed = random.Random(database_url.partition(":")[0])
    counted, drafted = seed.randint(2, 4), seed.randint(1, 3)
    missing = PEOPLE - 5 * drafted + 1  # p01 was drafted, and has an event since
    moments = (1, 1 + counted + 1, 1 + (5 - counted) + drafted + 1, 1 + 1 + missing // 5 + 1 + 1)
    for attempt, dies_at in enumerate(moments, 2):
        dies(dies_at, "rubric", "activate", "2")
        assert rows_of(play.run, select(programs.c.active_rubric)) == [(1,)]
        play.record(*(play.event(partner=who, path="/deal") for who in ("p01", "p21")))
        assert play.differences() == []
        assert play.partner("p01").score == play.partner("p21").score == attempt
    assert command("activate", "2")[0] == 0
    assert play.differences() == []
    assert play.partner("p01").score == 5 * 32


@pytest.mark.usefixtures("draft")
def test_preview_killed_again_and_again(play: Play, command: Command, database_url: str) -> None:
    """The first write begins it, five count, the last keeps the result."""
    seed = random.Random(database_url.partition(":")[0])
    for dies_at in (1, seed.randint(2, 4), seed.randint(2, 3)):
        dies(dies_at, "rubric", "preview", "2")
        play.happens(partner="p00", path="/deal")
        assert play.differences() == []
    code, said = command("preview", "2")
    assert (code, "12 would enter the queue" in said) == (0, True)
    dies(3, "rubric", "preview", "2")
    assert len(rows_of(play.run, select(preview_items.c.partner))) == 12
    assert "12 would enter" in command("preview", "2")[1]
