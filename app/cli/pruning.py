"""Pruning ledgers, and telling how many events left them."""

from app import store
from app.background.retention import prune_ledger
from app.cli.output import console
from app.db import Database


async def prune_ledgers(database: Database, only: str | None, *, days: int) -> None:
    """Prune one program's ledger, or all."""
    programs = [only] if only else await database.read(store.programs.ids)
    for program in programs:
        pruned = await prune_ledger(database, program, days=days)
        console.print(f"{program}: {pruned:,} events pruned; what they came to is kept.")
