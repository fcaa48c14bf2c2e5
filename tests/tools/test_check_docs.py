"""Each check of the documents finds a planted fault, and nothing where there is none."""

from pathlib import Path

import pytest

from tools import check_docs

GLOSSARY = (
    "| word | meaning | never called |\n|---|---|---|\n| hand-off | A call for a human. | `alert`, task |\n"
)
PROJECT = '[project]\ndependencies = ["uvicorn[standard]>=1,<2"]\n[dependency-groups]\ndev = ["pytest>=9"]\n'


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[here](page.md)", 0),
        ("[a part](page.md#part)", 0),
        ("[a site](https://example.com)", 0),
        ("[gone](gone.md)", 1),
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, text: str, faults: int) -> None:
    page = write(tmp_path / "page.md", text)
    assert len(list(check_docs.broken_links([page]))) == faults


@pytest.mark.parametrize(("text", "faults"), [("`make test`", 0), ("make tea", 1), ("they make tea", 0)])
def test_an_unknown_target_is_found(tmp_path: Path, text: str, faults: int) -> None:
    page = write(tmp_path / "page.md", text)
    assert len(list(check_docs.unknown_targets([page], "test: install ## Run\n"))) == faults


@pytest.mark.parametrize(
    ("code", "faults"), [("class HandOff: ...", 0), ("handoffs = []", 0), ("offhand = 1", 1)]
)
def test_a_word_that_the_code_does_not_use_is_found(tmp_path: Path, code: str, faults: int) -> None:
    module, glossary = write(tmp_path / "a.py", code), write(tmp_path / "g.md", GLOSSARY)
    assert len(list(check_docs.unused_words(glossary, [module]))) == faults


@pytest.mark.parametrize(
    ("code", "faults"),
    [
        ("class AlertRow: ...", 1),
        ("def open_alert(): ...", 1),
        ("def close(alert): ...", 1),
        ("alert_count = 1", 1),
        ("alerting = print('alert')", 0),
        ("task = 1", 0),
    ],
)
def test_a_name_that_is_ruled_out_is_found(tmp_path: Path, code: str, faults: int) -> None:
    module, glossary = write(tmp_path / "a.py", code), write(tmp_path / "g.md", GLOSSARY)
    assert len(list(check_docs.forbidden_names(glossary, [module]))) == faults


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ("| `uvicorn` | Serves. |\n| `pytest` | Tests. |", 0),
        ("| `uvicorn` | Serves. |", 1),
        ("| `uvicorn` | Serves. |\n| `pytest` | Tests. |\n| `nose` | Smells. |", 1),
    ],
)
def test_a_package_without_a_line_and_a_line_without_a_package_are_found(
    tmp_path: Path, rows: str, faults: int
) -> None:
    page, project = write(tmp_path / "d.md", rows), write(tmp_path / "p.toml", PROJECT)
    assert len(list(check_docs.undocumented_packages(page, project))) == faults


@pytest.mark.parametrize(
    ("line", "name", "faults"),
    [("/{}/.venv", "root", 1), ("https://{}.org", "pypi", 1), ("/v1/{}", "events", 0)],
)
def test_a_trace_of_a_machine_is_found(tmp_path: Path, line: str, name: str, faults: int) -> None:
    page = write(tmp_path / "page.md", line.format(name))
    assert len(list(check_docs.traces([page]))) == faults


def write(path: Path, text: str) -> Path:
    """The path, now holding the text."""
    path.write_text(text)
    return path
