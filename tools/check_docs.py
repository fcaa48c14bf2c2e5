"""Compare the documents with the tree: links, make targets, words, packages, and no trace of a machine."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
MAKE = re.compile(r"(?:^|`)make ([a-z]+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
ROW = re.compile(r"^\| (?!-|word|package)(.+?) \|$", re.MULTILINE)
# Written so that this line is no hit of its own.
MACHINE = re.compile(
    r"py[p]i\.org|python[h]osted|registry\.[n]pmjs|deb\.[d]ebian|/[w]ork/|/[r]oot/|/[h]ome/[a-z]+/|/[t]mp/[a-z]"
)


def main(top: Path) -> int:
    """Print every fault of the repository at `top`; 1 if there is one."""
    files = tracked(top)
    faults = [
        *broken_links(files),
        *unknown_targets(files, (top / "Makefile").read_text()),
        *unused_words(top / "docs" / "glossary.md", sources(top)),
        *forbidden_names(top / "docs" / "glossary.md", sources(top)),
        *undocumented_packages(top / "docs" / "dependencies.md", top / "pyproject.toml"),
        *traces(files),
    ]
    for fault in faults:
        print(fault)
    print(f"Documents: {len(files)} files, {len(faults)} faults.")
    return min(len(faults), 1)


def tracked(top: Path) -> list[Path]:
    """The files that are in the repository, or would be by `git add .`"""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=top, check=True, capture_output=True, text=True).stdout
    return [top / name for name in names.split("\0") if name and (top / name).is_file()]


def sources(top: Path) -> list[Path]:
    """The product's own modules."""
    return sorted((top / "app").rglob("*.py"))


def broken_links(files: Sequence[Path]) -> Iterator[str]:
    """Relative links that lead nowhere."""
    for page in pages(files):
        for target in LINK.findall(page.read_text()):
            if (
                "://" not in target
                and not target.startswith("mailto:")
                and not (page.parent / target).exists()
            ):
                yield f"{page}: the link to {target} leads nowhere"


def unknown_targets(files: Sequence[Path], makefile: str) -> Iterator[str]:
    """Commands in the documents that make does not know."""
    known = set(TARGET.findall(makefile))
    for page in pages(files):
        for target in sorted(set(MAKE.findall(page.read_text())) - known):
            yield f"{page}: the Makefile has no target {target}"


def unused_words(glossary: Path, modules: Sequence[Path]) -> Iterator[str]:
    """Words of the glossary, in its first column, that the code does not use."""
    code = "\n".join(module.read_text() for module in modules)
    for row in rows(glossary):
        for word in row[0].split(", "):
            parts = "[-_ ]?".join(re.split("[- ]", word))
            if not re.search(rf"(?<![a-z]){parts}(?:s|es)?(?![a-z])", code, re.IGNORECASE):
                yield f"{glossary}: no code speaks of a {word}"


def forbidden_names(glossary: Path, modules: Sequence[Path]) -> Iterator[str]:
    """Things in the code named by a word that the glossary rules out: last column, between backticks."""
    forbidden = {word for row in rows(glossary) for word in re.findall("`(.+?)`", row[-1])}
    for module in modules:
        for name in sorted(defined_names(module.read_text())):
            if set(re.findall("[a-z]+", re.sub("([A-Z])", r"_\1", name).lower())) & forbidden:
                yield f"{module}: {name} is called by a word that docs/glossary.md rules out"


def defined_names(code: str) -> Iterator[str]:
    """What a module gives names to: classes, functions, parameters, variables."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case _:
                pass


def undocumented_packages(page: Path, project: Path) -> Iterator[str]:
    """Packages that the page lacks, and packages that it has and the project does not."""
    settings = tomllib.loads(project.read_text())
    wanted = [*settings["project"]["dependencies"], *settings["dependency-groups"]["dev"]]
    needed = {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted}
    documented = {row[0].strip("`") for row in rows(page)}
    yield from (f"{page}: no line for {name}" for name in sorted(needed - documented))
    yield from (f"{page}: {name} is no dependency" for name in sorted(documented - needed))


def traces(files: Sequence[Path]) -> Iterator[str]:
    """Lines that name a registry's host or a folder of somebody's machine."""
    for path in files:
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            if MACHINE.search(line):
                yield f"{path}:{number}: names a registry or a folder of one machine"


def pages(files: Sequence[Path]) -> list[Path]:
    """The documents among the files."""
    return [path for path in files if path.suffix == ".md"]


def rows(page: Path) -> list[list[str]]:
    """The cells of every row of every table on a page, headings left out."""
    return [row.split(" | ") for row in ROW.findall(page.read_text())]


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
