"""Writing hand-offs to a stream, page by page."""

from typing import TextIO

from app import clock
from app.api.handoff_files import export_pages
from app.api.handoff_formats import Format
from app.db import Database
from app.store.handoff_files import Wanted


async def write_handoffs(
    database: Database, program: str, wanted: Wanted, format_: Format, *, to: TextIO
) -> None:
    """Write all that are wanted. Raises NotFound for an unknown program."""
    async for text in export_pages(database, program, wanted, format_, now=clock.now()):
        to.write(text)
