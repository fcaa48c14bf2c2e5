"""Fill the generated parts of docs/ from the code, or with --check say what in the documents has drifted."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tools import describe
from tools.describe_documents import mapping, presets, rubric

BLOCKS: Mapping[str, Callable[[], str]] = {
    "commands": describe.commands,
    "errors": describe.errors,
    "mapping": mapping,
    "presets": presets,
    "retries": describe.retries,
    "routes": describe.routes,
    "rubric": rubric,
    "settings": describe.settings,
    "tables": describe.tables,
}
# What stands between the two marks is the code's; all around it is written by hand.
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SETTING = re.compile(r"\bHANDRAISER_[A-Z_]+\b")
ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/(?:v1|in)/[\w{}/-]+)")
# The image is called handraiser, too.
COMMAND = re.compile(
    r"\bhandraiser (?!handraiser)((?:(?:program|key|rubric|export|source) )?[a-z]+)(?= |`|$)", re.MULTILINE
)
CODE = re.compile(r"^```sh$.*?^```$|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def main(arguments: Sequence[str], top: Path) -> int:
    """Rewrite the generated parts of every page, or check them and what pages name; 1 if there is a fault."""
    pages = {
        page: page.read_text() for page in [*sorted(top.glob("*.md")), *sorted(top.rglob("docs/**/*.md"))]
    }
    if arguments == ["--check"]:
        faults = [fault for page, text in pages.items() for fault in page_faults(page, text)]
        print(*faults, f"Reference: {len(pages)} pages, {len(faults)} faults.", sep="\n")
        return min(len(faults), 1)
    for page, text in pages.items():
        page.write_text(filled(text, BLOCKS))
    return 0


def page_faults(page: Path, text: str) -> Iterator[str]:
    """A generated part that the code has left behind, and names that the code does not know."""
    if filled(text, BLOCKS) != text:
        yield f"{page} does not say what the code says; run: .venv/bin/python -m tools.reference"
    yield from (f"{page}: there is no {name}" for name in unknown_names(text))


def filled(text: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """The page with its generated parts as the code has them now. Raises KeyError for an unknown part."""
    return PART.sub(lambda part: f"{part[1]}\n{blocks[part[2]]().strip()}\n\n{part[3]}", text)


def unknown_names(text: str) -> list[str]:
    """Settings, routes and commands that a page names and the code does not have."""
    routes = {_shape(route) for route in describe.route_names()}
    code = "\n".join(CODE.findall(text))
    return [
        *sorted(set(SETTING.findall(text)) - describe.setting_names()),
        *sorted(
            route for verb, path in ROUTE.findall(text) if _shape(route := f"{verb} {path}") not in routes
        ),
        *sorted({f"handraiser {name}" for name in COMMAND.findall(code)} - describe.command_names()),
    ]


def _shape(route: str) -> str:
    """A route whatever its parameters are called."""
    return re.sub(r"\{\w+\}", "{}", route)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
