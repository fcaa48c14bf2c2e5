"""The only place where things are wired: settings, database, routes, background work."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from app import log, migrate
from app.api import (
    contacts,
    deliveries,
    events,
    handoff_files,
    handoff_stream,
    handoffs,
    inbound,
    insights,
    internal_contacts,
    partners,
    previews,
    problems,
    programs,
    reps,
    rubrics,
    score_feed,
    scores,
    service,
    source_rehearsals,
    sources,
    webhooks,
)
from app.api.body_limit import BodyLimit
from app.api.document import DocumentedApi
from app.api.fast_lane import FastLane, Handler
from app.api.group_commit import GroupCommitter
from app.api.keyring import Keyring
from app.api.queue_feeds import QueueFeeds
from app.api.queue_lists import QueueLists
from app.api.rate_limit import RateLimiter
from app.api.shared_reads import SharedReads
from app.api.state import State
from app.background.clicks import keep_clicks
from app.background.desk import keep_desk
from app.background.gauges import keep_gauges
from app.background.housekeeping import keep_house
from app.background.inbox import Inbox
from app.background.memory import settle_memory
from app.background.notices import Notifier
from app.background.previews import Previewer
from app.background.retention import keep_ledgers
from app.background.stopping import on_stop
from app.background.tending import tend
from app.db import Database, open_database
from app.delivery.fetching import Fetcher
from app.delivery.worker import Worker
from app.services.addresses import networks
from app.settings import Settings
from app.vault import open_vault

ROUTERS = (
    events.router,
    scores.router,
    score_feed.router,
    partners.router,
    contacts.router,
    internal_contacts.router,
    rubrics.router,
    previews.router,
    # Before the one whose /{handoff} would match their paths.
    handoff_stream.router,
    handoff_files.router,
    handoffs.router,
    reps.router,
    insights.router,
    webhooks.router,
    deliveries.router,
    # Before the one whose /{source} would match its paths.
    source_rehearsals.router,
    sources.router,
    inbound.router,
    programs.router,
    service.router,
)

FAST: dict[tuple[str, str], Handler] = {
    ("POST", "/v1/events"): events.post_events_fast,
    ("GET", "/v1/handoffs"): handoffs.list_handoffs_fast,
    ("GET", "/v1/scores"): score_feed.get_changes_fast,
    ("GET", "/v1/partners/{partner:path}/score"): scores.get_score_fast,
}

DESCRIPTION = """
Handraiser tells a vendor which of its partners has just raised a hand.

Post what partners do to `/v1/events`, or let a platform post to a source. A rubric prices it. A partner that
passes the threshold becomes a hand-off for a human call, with the reasons in plain words, and a signed
webhook goes out.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service; it opens nothing until it is started."""
    settings = settings or Settings()
    log.configure(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await check(settings)
        database = open_database(settings)
        try:
            async with _running(app, settings, database):
                yield
        finally:
            await database.close()

    app = DocumentedApi(
        title="Handraiser",
        version=version("handraiser"),
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        responses={422: {"model": problems.ProblemDetails, "description": "Not valid; says what and where"}},
    )
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    # Around the framework's own middleware, which costs more than a route in the lane.
    app.middleware_stack = BodyLimit(FastLane(app.build_middleware_stack(), FAST), settings)
    return app


async def check(settings: Settings) -> None:
    """Refuse, by NotReady, what must not be served: a lossy or stale database, a missing key."""
    database = open_database(settings)
    try:
        await database.check()
        await database.read(migrate.require_current)
        Worker(database, open_vault(settings), settings)
    finally:
        await database.close()


def _each(*calls: Callable[[], None]) -> Callable[[], None]:
    """A call of all of them."""

    def call() -> None:
        for one in calls:
            one()

    return call


@asynccontextmanager
async def _running(app: FastAPI, settings: Settings, database: Database) -> AsyncIterator[None]:
    """Everything that runs beside the requests, stopped in the order that loses nothing."""
    vault = open_vault(settings)
    worker = Worker(database, vault, settings)
    previewer = Previewer(database)
    feeds = QueueFeeds(database, limit=settings.stream_limit)
    notifier = Notifier(database)

    follow = _each(feeds.wake, notifier.wake)
    wake = _each(worker.wake, follow)
    inbox = Inbox(database, vault, settings, wake=wake)
    fetcher = Fetcher(networks(settings.webhook_allow_cidrs))
    committer = GroupCommitter(database, limit=settings.queue_limit, deliver=worker.wake, follow=follow)
    app.state.handraiser = State(
        settings=settings,
        database=database,
        vault=vault,
        keyring=Keyring(database, settings),
        committer=committer,
        limiter=RateLimiter(settings.rate_limit),
        networks=networks(settings.webhook_allow_cidrs),
        queue_lists=QueueLists(database),
        scores=SharedReads(database, scores.read_scores),
        score_feed=SharedReads(database, score_feed.read_pages),
        feeds=feeds,
        inbox=inbox,
        fetcher=fetcher,
        rehearsing=asyncio.Lock(),
        wake=wake,
        wake_previewer=previewer.wake,
    )
    delivering = asyncio.create_task(worker.run())
    beside = [
        asyncio.create_task(each)
        for each in (
            keep_house(database, wake=wake),
            keep_desk(database, wake=wake),
            keep_clicks(database, wake=wake),
            previewer.run(),
            tend(database, settings, wake=wake),
            keep_ledgers(database, days=settings.keep_events_days),
            keep_gauges(database),
            notifier.run(),
            inbox.run(),
        )
    ]
    settle_memory()
    try:
        with on_stop(feeds.stop):
            async with fetcher:
                yield
    finally:
        await committer.finish()
        await inbox.finish()
        await feeds.close()
        for task in beside:
            task.cancel()
        await worker.stop()
        await asyncio.gather(*beside, delivering, return_exceptions=True)
