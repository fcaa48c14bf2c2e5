"""An SQLite file to run commands on, and one in which the worked example's rubric is active already."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support.server import handraiser

EXAMPLES = Path(__file__).parents[2] / "examples" / "rubrics"

Command = Callable[..., CompletedProcess[str]]


def command_on(url: str) -> Command:
    """Runs `handraiser` with its arguments."""

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        return handraiser(url, *arguments)

    return run


def set_up(command: Command) -> None:
    """The program `acme` with the worked example's rubric."""
    for arguments in (
        ["program", "create", "acme"],
        ["rubric", "push", EXAMPLES / "worked-example.yaml", "--program", "acme"],
        ["rubric", "activate", "1", "--program", "acme"],
    ):
        done = command(*arguments)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def _acme_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("acme") / "handraiser.db"
    set_up(command_on(f"sqlite:///{file}"))
    return file


@pytest.fixture
def acme_url(tmp_path: Path, _acme_template: Path) -> str:
    """A database with the program `acme`, whose rubric is active."""
    return f"sqlite:///{shutil.copyfile(_acme_template, tmp_path / 'acme.db')}"


@pytest.fixture
def acme(acme_url: str) -> Command:
    """Runs commands on it."""
    return command_on(acme_url)
