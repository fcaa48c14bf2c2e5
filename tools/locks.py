"""Compile the hashed locks from pyproject.toml, or with --check say whether they still follow from it."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

LOCKS = {
    "requirements-installer.lock": ("requirements-installer.in",),
    "requirements.lock": ("pyproject.toml",),
    "requirements-dev.lock": ("pyproject.toml", "--group", "dev"),
}
# One lock for every platform, every file by its hash, and no word of where it was found.
COMPILE = ("-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url")
LABEL = ("--python-version", "3.11", "--custom-compile-command", "make lock")
AWAY = ("dns error", "error sending request", "failed to fetch", "could not connect", "timed out")


class RegistryAway(Exception):
    """No package registry could be reached, so nothing can be said about a lock."""


def main(arguments: Sequence[str]) -> int:
    """Compile every lock in the working folder, or check it; 1 if one has drifted."""
    if arguments != ["--check"]:
        for name in LOCKS:
            compile_lock(name, Path(name), options=arguments)
        return 0
    try:
        drifted = [name for name in LOCKS if not is_current(name)]
    except RegistryAway as reason:
        print(f"Locks: not compared, the package registry is away: {reason}")
        return 0
    for name in drifted:
        print(f"{name} does not follow from pyproject.toml; run: make lock")
    print(f"Locks: {len(LOCKS)} compared, {len(drifted)} drifted.")
    return min(len(drifted), 1)


def is_current(name: str) -> bool:
    """Whether compiling a lock again, from its own pins, gives the same bytes."""
    with TemporaryDirectory() as scratch:
        again = Path(scratch) / name
        shutil.copyfile(name, again)
        compile_lock(name, again)
        return again.read_bytes() == Path(name).read_bytes()


def compile_lock(name: str, output: Path, *, options: Sequence[str] = ()) -> None:
    """Write a lock, keeping the pins that the file already has. Raises RegistryAway."""
    command = [sys.executable, *COMPILE, *LABEL, *options, *LOCKS[name], "--output-file", str(output)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if any(word in result.stderr.lower() for word in AWAY):
        raise RegistryAway(result.stderr.strip())
    if result.returncode:
        sys.exit(f"{name}: {result.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
