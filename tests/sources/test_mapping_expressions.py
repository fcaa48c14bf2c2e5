"""Expressions see what they should, and cost no more than they may."""

import time
from datetime import UTC, datetime

import pytest

from app.sources.adapter import Incoming
from app.sources.mapping.budget import Budget, Exhausted
from app.sources.mapping.expression import Finder, read_expression
from app.sources.mapping.scope import Scope

NOW = datetime(2025, 11, 13, 3, 0, tzinfo=UTC)
REQUEST = Incoming({"x-account": "a-7", "authorization": "Bearer s3"}, b"", {"partner_id": "p-77"})
STEPS = 100_000


def finder(item: object, root: object = None, *, steps: int = STEPS) -> Finder:
    scope = Scope(item, root, REQUEST, NOW, outer={"n": 2}, key="mautic.open", fan="jo@a.example")
    return Finder(scope, Budget(steps))


def found(expression: str, item: object = None, root: object = None) -> object:
    return finder(item, root).find(read_expression(expression))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("root().account", 9),
        ("outer().n", 2),
        ("key()", "mautic.open"),
        ("fan()", "jo@a.example"),
        ('headers()."x-account"', "a-7"),
        ("headers().authorization", None),
        ("query().partner_id", "p-77"),
        ("list[?name == key()].id", 2),
        ("list[*].[id, root().account] | [1]", [2, 9]),
        ("parse_json(text).a", 1),
        ("parse_json(name)", None),
        ("parse_json(absent).a", None),
        ("url_param(link, 'p')", "1 2"),
        ("url_param(link, 'q')", None),
        ("url_param(absent, 'p')", None),
        ("url_path(link)", "/a"),
        ("url_path(broken)", None),
        ("url_path(absent)", None),
        ("split(subject, '/')[1]", "p-77"),
        ("split(absent, '/')", None),
        ("lower(name)", "pat"),
        ("lower(absent)", None),
        ("divided(seconds, `60`)", 48),
        ("divided(absent, `60`)", None),
        ("divided(seconds, `0`)", None),
        ("day(at, 's')", "2025-11-13"),
        ("day(absent, 's')", None),
        ("day('2025-11-13 23:59:59', 'iso')", "2025-11-13"),
        ("list[?id == `1`].name", "a"),
        ("list[?id == `3`].name", None),
        ("blank", None),
        ("list[].id", [1, 2]),
    ],
)
def test_what_an_expression_gives(expression: str, expected: object) -> None:
    item = {
        "list": [{"id": 1, "name": "a"}, {"id": 2, "name": "mautic.open"}],
        "text": '{"a": 1}',
        "link": "https://v.example/a?p=1%202",
        "broken": "https://[",
        "subject": "partner/p-77",
        "name": "PAT",
        "seconds": 2939,
        "at": 1763000030,
        "blank": " ",
    }
    assert found(expression, item, {"account": 9}) == expected


@pytest.mark.parametrize(
    "expression",
    ["'a' < `1`", "contains('a', `1`)", "merge({a: `1`}, `5`)", "ceil(to_number('inf'))", "[::0]",
     "split(@, '')", "join(',', @)", "day('x', 's')", "day('x', 'h')", "max_by(@, &a)", "lower(`7`)",
     "sum(@)"],
)  # fmt: skip
def test_what_cannot_be_worked_out_says_so(expression: str) -> None:
    with pytest.raises(ValueError, match="`"):
        finder(["a", None]).find(read_expression(expression))


BIG = [{"a": n, "b": [1] * 10} for n in range(3_000)]


@pytest.mark.parametrize(
    "expression",
    [
        "|".join(["[@,@]"] * 35),
        "to_string(" + "|".join(["[@,@]"] * 35) + ")",
        "|".join(["[@,@][]"] * 18),
        "|".join(["{a:@,b:@}"] * 30) + " | @ == @",
        "join('',@[*].to_string(a))|" + "|".join(["join('',[@,@])"] * 18),
        "[*].[root()[*].[root()[*].a]]",
        "map(&root(),@)",
        "[?root()==root()]",
        "[?contains(root(), a)]",
        "[*].to_string(root())",
        "sort_by(@, &length(root()))",
        # What is thrown away again has been made all the same.
        "|".join(["[@,@]"] * 35) + "|'x'",
        "map(&root(),[0].b)|[0][0].a",
        "[?root()==root()].a|[0]",
    ],
)
def test_no_expression_takes_much(expression: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ValueError, match="takes more work than is allowed"):
        finder(BIG, BIG).find(read_expression(expression))
    assert time.perf_counter() - started < 2


def test_an_ordinary_expression_takes_little() -> None:
    budget = Budget(STEPS)
    Finder(Scope({"a": {"b": "c"}}, None, REQUEST, NOW), budget).find(read_expression("a.b || a.d"))
    assert STEPS - budget.left < 10


def test_what_is_shared_counts_wherever_it_is() -> None:
    inner = ["x"] * 10
    budget = Budget(STEPS)
    budget.spend_on([inner, inner])
    assert STEPS - budget.left > 2 * len(inner)


def test_a_long_text_counts_by_its_length() -> None:
    with pytest.raises(Exhausted):
        Budget(100).spend_on("x" * 10_000)
