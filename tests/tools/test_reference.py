"""What the documents take from the code, and names in them that the code does not know."""

from pathlib import Path

import pytest

from app.errors import Problem
from tools import describe
from tools.reference import filled, main, page_faults, unknown_names

PAGE = "before\n<!-- generated: {} -->\nold\n<!-- end -->\nafter\n"


def test_a_generated_part_is_replaced_and_nothing_else() -> None:
    page = filled(PAGE.format("part"), {"part": lambda: "new"})
    assert page == "before\n<!-- generated: part -->\n\nnew\n\n<!-- end -->\nafter\n"


def test_a_page_that_the_code_has_left_behind_is_a_fault() -> None:
    assert list(page_faults(Path("errors.md"), PAGE.format("errors")))


def test_rewriting_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "errors.md").write_text(PAGE.format("errors"))
    assert main(["--check"], tmp_path) == 1
    main([], tmp_path)
    assert main(["--check"], tmp_path) == 0


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("`HANDRAISER_LOG_LEVEL`", []),
        ("`HANDRAISER_MOOD`", ["HANDRAISER_MOOD"]),
        ("`GET /v1/partners/{id}/score?as_of=2026-03-02`", []),
        ("`GET /v1/weather`", ["GET /v1/weather"]),
        ("```sh\nhandraiser rubric push FILE\n```", []),
        ("`handraiser dance`", ["handraiser dance"]),
        ("in prose handraiser dances", []),
    ],
)
def test_a_name_that_the_code_does_not_have_is_found(text: str, unknown: list[str]) -> None:
    assert unknown_names(text) == unknown


def test_errors_are_told_of_routes_and_codes_that_exist() -> None:
    known = {kind.code for kind in Problem.__subclasses__()} | {"handoff_state", "rubric_invalid"}
    assert describe.OWN_ERRORS.keys() <= describe.route_names()
    assert {code for codes in describe.OWN_ERRORS.values() for code in codes.split()} <= known


def test_every_route_says_what_scope_it_needs() -> None:
    rows = [line for line in describe.routes().splitlines() if line.startswith("| `")]
    assert len(rows) == len(describe.route_names())
    assert [row for row in rows if "`POST /v1/events`" in row and "`events:write`" in row]
    assert [row for row in rows if "`POST /v1/programs`" in row and "`operator`" in row]
