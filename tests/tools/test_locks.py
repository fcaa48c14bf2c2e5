"""The locks name no host and hold every package by its hash."""

from pathlib import Path

import pytest

from tools import locks

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("name", locks.LOCKS)
def test_a_lock_names_no_place(name: str) -> None:
    assert "://" not in (TOP / name).read_text()


@pytest.mark.parametrize("name", locks.LOCKS)
def test_every_package_is_held_by_its_hash(name: str) -> None:
    packages = [
        line for line in (TOP / name).read_text().splitlines() if "==" in line and line[0] not in " #"
    ]
    assert packages
    assert all(line.endswith("\\") for line in packages)


def test_a_drifted_lock_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements-installer.lock").write_text("uv==0.0.1\n")

    def compiled(_name: str, output: Path) -> None:
        output.write_text("uv==0.0.2\n")

    monkeypatch.setattr(locks, "LOCKS", {"requirements-installer.lock": ()})
    monkeypatch.setattr(locks, "compile_lock", compiled)
    assert locks.main(["--check"]) == 1
