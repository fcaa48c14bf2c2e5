"""Before a source is created: what it can be, and what a request would come to."""

import asyncio
from dataclasses import replace
from functools import partial

from fastapi import APIRouter, Depends, Request, Response

from app import clock
from app.api.answers import shown
from app.api.auth import Reader, allowed
from app.api.source_forms import RehearsalForm, mapping_text
from app.api.state import Service, State
from app.api.strict_json import StrictRoute
from app.errors import FieldError, Invalid
from app.services.rehearsing import imagined, prepared, rehearsed
from app.services.source_kinds import SourceKinds, source_kinds
from app.services.source_rehearsal import SourceRehearsal
from app.services.sources import OpenSource, open_own
from app.sources.adapter import Incoming

router = APIRouter(prefix="/v1/sources", tags=["Sources"], route_class=StrictRoute)


@router.get("/kinds", response_model=SourceKinds, dependencies=[Depends(allowed("read"))])
async def list_kinds(request: Request) -> Response:
    """What a source can be: native adapters and presets, each with its settings, secret and steps."""
    return shown(request, await asyncio.to_thread(source_kinds))


@router.post("/test")
async def test_source(service: Service, caller: Reader, form: RehearsalForm) -> SourceRehearsal:
    """Show what a platform's request would become, field by field why, and what the platform would hear.

    Nothing is stored. The request goes through a `kind`, a `mapping`, or a `source` with its settings and
    secrets, unless others are given. Whom an event would be counted for is not looked up.
    """
    now = form.received_at or clock.now()
    # In threads, also the reading: a large mapping or body takes a while, and nobody else is to wait. One at
    # a time, because those threads are also for what platforms post.
    async with service.rehearsing:
        found = await _source(service, caller.program, form)
        source = await asyncio.to_thread(prepared, found, *form.changes())
        incoming = await _with_what_it_needs(form.incoming(), service, source)
        return await asyncio.to_thread(partial(rehearsed, source, incoming, received_at=now))


async def _source(service: State, program: str, form: RehearsalForm) -> OpenSource:
    if form.source is None:
        return await asyncio.to_thread(imagined, form.kind, mapping_text(form.mapping))
    if form.kind is not None or form.mapping is not None:
        raise Invalid(
            "A source has its own kind and mapping.",
            errors=[FieldError("source", "give one of kind, mapping and source")],
        )
    id_ = form.source
    return await service.database.read(lambda c: open_own(c, service.vault, program, id_))


async def _with_what_it_needs(incoming: Incoming, service: State, source: OpenSource) -> Incoming:
    address = source.adapter.needs(incoming) if source.secrets else None
    content = await service.fetcher.lasting(address) if address else None
    return replace(incoming, fetched={address: content}) if address and content else incoming
