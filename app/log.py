"""Structured logs: one line per thing worth a person's attention, never per event, never a secret."""

import logging
import sys

import structlog
from sqlalchemy.exc import DBAPIError

from app.settings import Settings


def configure(settings: Settings) -> None:
    """Send structlog's and the standard library's lines to standard error in the format that is set."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        # Plain: a traceback that shows variables would show secrets.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    # An access line would carry a source's key, which is part of its path.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("httpx2", "httpcore2", "asyncio", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def fault(event: str, error: BaseException, **context: object) -> None:
    """Log an error that nobody expected, with its traceback.

    A database's own words may quote the data that it refused, so of those only the kind is told.
    """
    log = structlog.get_logger()
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        log.error(event, kind=type(error.orig).__name__, sqlstate=state, statement=error.statement, **context)
    else:
        log.error(event, exc_info=error, **context)
