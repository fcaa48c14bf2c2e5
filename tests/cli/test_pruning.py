"""`handraiser prune`: old events leave the ledger, and nothing else changes."""

from tests.cli.conftest import EXAMPLES, Command

EVENTS = EXAMPLES / "worked-example.events.ndjson"


def test_prune(acme: Command) -> None:
    """The worked example's events are long gone by."""
    acme("import", EVENTS, "--program", "acme")
    pruned = acme("prune", "--older-than", "30")
    assert pruned.returncode == 0
    assert "acme: 10 events pruned" in pruned.stdout
    assert acme("verify").returncode == 0
    assert "acme: 0 events pruned" in acme("prune", "--older-than", "30", "--program", "acme").stdout


def test_what_was_pruned_is_not_imported_again(acme: Command) -> None:
    acme("import", EVENTS, "--program", "acme")
    acme("prune", "--older-than", "30")
    again = acme("import", EVENTS, "--program", "acme")
    assert (again.returncode, again.stdout) == (1, "10 rejected\n")
    assert acme("verify").returncode == 0


def test_a_week_is_too_short(acme: Command) -> None:
    assert acme("prune", "--older-than", "7").returncode == 2


def test_nobody_s_ledger(acme: Command) -> None:
    refused = acme("prune", "--older-than", "30", "--program", "nobody")
    assert (refused.returncode, "nobody" in refused.stderr) == (1, True)
