"""Who is calling: keys checked by digest, remembered for a moment so that most requests need no look-up."""

import asyncio
import hmac
from dataclasses import dataclass
from time import monotonic

from app import store
from app.db import Database
from app.errors import Unauthenticated
from app.services.programs import SCOPES, is_well_formed
from app.settings import Settings
from app.vault import digest

MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Principal:
    """A caller: the program it acts in (None: the operator outside any), its name and what it may do."""

    program: str | None
    name: str
    scopes: frozenset[str]
    is_operator: bool = False

    def may(self, scope: str) -> bool:
        """Whether the caller has the scope; `admin` implies all."""
        return scope in self.scopes or "admin" in self.scopes


OPERATOR = Principal(None, "operator", frozenset(SCOPES), is_operator=True)


class Keyring:
    """Recognises keys; a revoked one is forgotten at once here and after `key_cache_seconds` elsewhere."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._seconds = settings.key_cache_seconds
        key = settings.operator_key
        self._operator = digest(key.get_secret_value()) if key else None
        self._remembered: dict[str, tuple[Principal, float]] = {}
        self._looking_up: dict[str, asyncio.Task[Principal]] = {}

    async def recognise(self, secret: str) -> Principal:
        """The caller whose key this is. Raises Unauthenticated."""
        wanted = digest(secret)
        if self._operator is not None and hmac.compare_digest(wanted, self._operator):
            return OPERATOR
        remembered = self._remembered.get(wanted)
        if remembered is not None and monotonic() < remembered[1]:
            return remembered[0]
        principal = await self._looked_up(secret, wanted)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[wanted] = (principal, monotonic() + self._seconds)
        return principal

    def forget(self, revoked: str) -> None:
        """Stop honouring the key with this digest."""
        self._remembered.pop(revoked, None)

    async def _looked_up(self, secret: str, wanted: str) -> Principal:
        """One look-up for all who ask at the same moment: a thousand streams may have one key."""
        looking = self._looking_up.get(wanted)
        if looking is None:
            looking = self._looking_up[wanted] = asyncio.create_task(self._look_up(secret, wanted))
            looking.add_done_callback(lambda _: self._looking_up.pop(wanted))
        return await asyncio.shield(looking)

    async def _look_up(self, secret: str, wanted: str) -> Principal:
        row = None
        if is_well_formed(secret):
            row = await self._database.read(lambda connection: store.keys.by_digest(connection, wanted))
        if row is None or not hmac.compare_digest(row.digest, wanted):
            raise Unauthenticated("This key is not valid. Was it revoked, or cut when it was copied?")
        return Principal(row.program, row.name, frozenset(row.scopes))
