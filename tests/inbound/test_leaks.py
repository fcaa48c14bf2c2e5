"""Nothing that opens a door shows: not in logs at their chattiest, answers, stored requests or metrics."""

import asyncio
import json
import os
from pathlib import Path

import httpx2
import pytest

from tests.api.calls import Json, activate, every
from tests.inbound.platforms import SECRETS, connect, of_json, signed
from tests.support.server import HANDRAISER, environment
from tests.support.service import Service, served, settings_for

UPGRADE = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
UPGRADE |= {"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA=="}
# Its write key stands in the body, and in the item that is refused.
CALL: Json = {"type": "track", "event": 7, "messageId": "m-1", "writeKey": SECRETS["segment"]}
CALLS = {
    "segment": of_json("segment", CALL, "/v1/track"),
    "hubspot": of_json("hubspot", {"email": "jo@acme.example"}, f"?api_key={SECRETS['hubspot']}"),
    "cloudevents": of_json("cloudevents", 7, f"?access_token={SECRETS['cloudevents']}").with_headers(
        content_type="application/cloudevents+json"
    ),
    "marketo": of_json("marketo", {"type": "?"}),
    "postmark": of_json("postmark", {"RecordType": "Open"}),
}


@pytest.mark.parametrize("kind", sorted(CALLS))
async def test_secrets_are_masked(service: Service, client: httpx2.AsyncClient, kind: str) -> None:
    # Blanks around a pasted secret do not count, and must not let it through.
    source = await connect(client, kind, secrets=[f" {SECRETS[kind]} "])
    post = signed(kind, CALLS[kind], source["url"])
    async with httpx2.AsyncClient(base_url=service.url, trust_env=False) as platform:
        url = f"/in/{source['key']}{post.path}"
        answer = await platform.post(url, content=post.body, headers=dict(post.headers))
    assert answer.status_code < 401
    kept = await every(client, f"/v1/sources/{source['id']}/requests")
    assert len(kept) == 1
    sources = await every(client, "/v1/sources")
    shown = json.dumps([kept, sources, answer.text, (await client.get("/metrics")).text])
    assert source["key"] not in shown
    assert SECRETS[kind] not in shown
    assert "***" in json.dumps(kept)


async def test_nothing_is_logged(sqlite_url: str, tmp_path: Path) -> None:
    """Whatever is asked, and also once the secrets can be read no more: a fault of ours, with a traceback."""
    with served(sqlite_url) as service:
        async with service.client(await service.program()) as client:
            await activate(client)
            sources = [await connect(client, kind) for kind in sorted(CALLS)]
    told = ""
    for secret_key in (settings_for(sqlite_url).secret_key, None):
        value = (
            secret_key.get_secret_value() if secret_key else "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB="
        )
        told += await _said(sqlite_url, sources, value)
    assert "could not be received" in told
    for source in sources:
        assert source["key"] not in told
        assert SECRETS[source["kind"]] not in told


async def _said(database_url: str, sources: list[Json], secret_key: str) -> str:
    """What a server writes while everything is tried."""
    read, write = os.pipe()
    settings = environment(database_url, LOG_LEVEL="debug", SECRET_KEY=secret_key)
    process = await asyncio.create_subprocess_exec(
        HANDRAISER, "serve", "--port", "0", env=settings, stdout=write, stderr=write
    )
    os.close(write)
    lines = asyncio.StreamReader()
    pipe = os.fdopen(read, "rb")
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), pipe)
    told = b""
    async with asyncio.timeout(60):
        while b"Uvicorn running on" not in told:
            told += await lines.readline()
        base = told.decode().split("Uvicorn running on ")[1].split()[0]
        await _try_everything(base, sources)
        process.terminate()
        told += await lines.read()
        await process.wait()
    return told.decode()


async def _try_everything(base: str, sources: list[Json]) -> None:
    async with httpx2.AsyncClient(base_url=base, trust_env=False) as platform:
        for source in sources:
            url = f"/in/{source['key']}"
            post = signed(source["kind"], CALLS[source["kind"]], source["url"])
            for path in (post.path, "/missing%00", "/" + "x" * 9000):
                await platform.post(url + path, content=post.body, headers=dict(post.headers))
            await platform.post(url + post.path, content=b" " * 2_000_000, headers=dict(post.headers))
            for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
                await platform.request(method, url + post.path)
            await platform.get(url + post.path, headers=UPGRADE)
