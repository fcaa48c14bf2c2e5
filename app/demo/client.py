"""A client of our own HTTP interface, as any other program would write it."""

from types import TracebackType
from typing import Any, Self

import httpx2


class DemoFailed(Exception):
    """The service did not answer as its contract says."""


class Api:
    """Calls the service with one key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._key = {"authorization": f"Bearer {key}"}
        self._client = httpx2.AsyncClient(base_url=base_url, timeout=30, trust_env=False)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def get(self, path: str, **params: str | int) -> Any:
        """The answer's JSON. Raises DemoFailed unless the answer is 2xx, as all of these do."""
        return _answer(await self._client.get(path, params=params, headers=self._key))

    async def post(self, path: str, document: object) -> Any:
        """Post JSON."""
        return _answer(await self._client.post(path, json=document, headers=self._key))

    async def put(self, path: str, document: object) -> Any:
        """Put JSON."""
        return _answer(await self._client.put(path, json=document, headers=self._key))

    async def post_yaml(self, path: str, text: str) -> Any:
        """Post a YAML document."""
        headers = {**self._key, "content-type": "application/yaml"}
        return _answer(await self._client.post(path, content=text.encode(), headers=headers))

    async def deliver(self, path: str, body: bytes, *, headers: dict[str, str]) -> None:
        """Post raw bytes without our key, as a platform does."""
        _answer(await self._client.post(path, content=body, headers=headers))


def _answer(response: httpx2.Response) -> Any:
    if not response.is_success:
        call = f"{response.request.method} {response.request.url.path}"
        raise DemoFailed(f"{call} answered {response.status_code}: {response.text[:500]}")
    return (
        response.json() if response.headers.get("content-type", "").startswith("application/json") else None
    )
