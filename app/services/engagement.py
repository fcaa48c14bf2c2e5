"""How many people at a partner take part: distinct contacts with a recent human event."""

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection

from app import store


def engaged_contacts(
    connection: Connection, program: str, partners: Collection[str], *, first: int, last: int
) -> Counter[str]:
    """For each partner the contacts engaged on these days; one known by id and by address is one."""
    return Counter(store.tallies.engaged_contacts(connection, program, partners, first=first, last=last))
