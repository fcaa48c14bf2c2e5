"""The yardstick that people would build: FastAPI, pydantic, the ORM of SQLAlchemy, a transaction per request.

Written with care and no tricks: indexes, a pool, keys checked, an upsert for the score, no needless query.
`DATABASE_URL` names a PostgreSQL database, whose tables it makes; `KEY` opens it.
"""

import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import JSON, DateTime, Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app import clock

POINTS = {"email.opened": 1.0, "email.clicked": 5.0, "page.viewed": 3.0}
THRESHOLD = 25.0
POOL = 10


class Base(DeclarativeBase):
    """What the tables have in common."""

    type_annotation_map = {dict[str, Any]: JSON, datetime: DateTime(timezone=True)}


class Event(Base):
    """Something that a partner did."""

    __tablename__ = "obvious_event"
    __table_args__ = (Index("ix_obvious_event_partner", "partner", "occurred_at"),)

    source: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    partner: Mapped[str]
    contact: Mapped[str | None]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    properties: Mapped[dict[str, Any]]


class Score(Base):
    """A partner's points."""

    __tablename__ = "obvious_score"

    partner: Mapped[str] = mapped_column(primary_key=True)
    points: Mapped[float]


class HandOff(Base):
    """A call to make; a partner has one."""

    __tablename__ = "obvious_handoff"

    id: Mapped[str] = mapped_column(primary_key=True)
    partner: Mapped[str] = mapped_column(unique=True)
    score: Mapped[float]
    opened_at: Mapped[datetime]


class EventIn(BaseModel):
    """What is posted."""

    id: str = Field(max_length=200)
    type: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")
    partner: str
    contact: str | None = None
    source: str = "bench"
    occurred_at: datetime | None = None
    properties: dict[str, Any] = Field(default_factory=dict)


class EventOut(BaseModel):
    """What became of it."""

    id: str
    status: str
    partner: str
    score: float
    handoff: str | None = None


engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=POOL,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the tables."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


def authorized(authorization: Annotated[str, Header()]) -> None:
    """Let in whoever has the key."""
    if not hmac.compare_digest(authorization, f"Bearer {os.environ['KEY']}"):
        raise HTTPException(401)


@app.post("/v1/events", dependencies=[Depends(authorized)])
async def post_event(event: EventIn) -> EventOut:
    """Store and score one event; the answer leaves after the commit."""
    async with sessions() as session, session.begin():
        return await _record(session, event)


async def _record(session: AsyncSession, event: EventIn) -> EventOut:
    if await session.get(Event, (event.source, event.id)):
        score = await session.scalar(select(Score.points).where(Score.partner == event.partner))
        return EventOut(id=event.id, status="duplicate", partner=event.partner, score=score or 0)
    now = clock.now()
    session.add(Event(**event.model_dump() | {"occurred_at": event.occurred_at or now, "received_at": now}))
    await session.flush()
    score = await _add(session, event.partner, POINTS.get(event.type, 0.0))
    handoff = await _hand_off(session, event.partner, score, now=now) if score >= THRESHOLD else None
    return EventOut(id=event.id, status="accepted", partner=event.partner, score=score, handoff=handoff)


async def _add(session: AsyncSession, partner: str, points: float) -> float:
    row = insert(Score).values(partner=partner, points=points)
    added = row.on_conflict_do_update(
        index_elements=[Score.partner], set_={"points": Score.points + row.excluded.points}
    )
    return (await session.scalars(added.returning(Score.points))).one()


async def _hand_off(session: AsyncSession, partner: str, score: float, *, now: datetime) -> str | None:
    if await session.scalar(select(HandOff.id).where(HandOff.partner == partner)):
        return None
    handoff = HandOff(id=str(uuid4()), partner=partner, score=score, opened_at=now)
    session.add(handoff)
    return handoff.id
