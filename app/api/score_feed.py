"""The feed of scores that have changed, for whoever keeps a copy of them."""

from collections.abc import Collection
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy import Connection

from app import clock
from app.api.answers import Page, decode_cursor, encode_cursor
from app.api.auth import Caller, Reader, caller_of
from app.api.etags import Conditional, Content, content_of
from app.api.fast_lane import LaneRequest
from app.api.parameters import Count, Cursor, Limit
from app.api.state import Service, State
from app.api.strict_json import StrictRoute
from app.services.score_feed import ChangedScore, FeedPlace, changed_scores

router = APIRouter(prefix="/v1", tags=["Scores"], route_class=StrictRoute)

PLACE: TypeAdapter[tuple[int]] = TypeAdapter(tuple[Count])


class FeedQuery(BaseModel):
    """What is wanted of the feed."""

    limit: Limit = 50
    cursor: Cursor = None


@router.get("/scores", response_model=Page[ChangedScore])
async def get_changes(
    request: Request, service: Service, caller: Reader, query: Annotated[FeedQuery, Query()]
) -> Response:
    """The change feed: each partner whose score, band, grade or armed flag changed, in commit order.

    None is ever skipped. `next` is never null: keep it, and ask again from there. Fading alone is no change,
    until the band changes.
    """
    return await _changes(request, service, caller, query)


async def get_changes_fast(request: LaneRequest) -> Response | None:
    """`get_changes` in the fast lane; what is wrong with a query is left for the framework to say."""
    try:
        # As the framework parses it: of a parameter that is given twice, the last one counts.
        given = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        query = FeedQuery.model_validate(dict(given))
    except ValidationError:
        return None
    return await _changes(request, request.service, await caller_of(request, "read"), query)


async def _changes(request: Conditional, service: State, caller: Caller, query: FeedQuery) -> Response:
    after = decode_cursor(query.cursor, PLACE)[0] if query.cursor else 0
    page = await service.score_feed.get(caller.program, FeedPlace(after, query.limit))
    return page.answer(request)


def read_pages(
    connection: Connection, program: str, places: Collection[FeedPlace]
) -> dict[FeedPlace, Content]:
    """The pages at these places."""
    return {place: _page(connection, program, place) for place in places}


def _page(connection: Connection, program: str, place: FeedPlace) -> Content:
    changed, end = changed_scores(connection, program, **place._asdict(), now=clock.now())
    return content_of(Page[ChangedScore](items=changed, next=encode_cursor([end])))
