"""The receiver in docs/how-to/receive-webhooks.md runs as it is printed there."""

import re
import sys
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.clock import now
from app.delivery.signing import signed_headers
from app.signatures import verifier
from app.signatures.keys import new_secret

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "receive-webhooks.md"
SECRETS = {"new": new_secret(), "old": new_secret()}
# Another text, once it has been read and written again.
BODY = b'{"type":"handoff.opened", "data":{"partner":{"id":"z\\u00fcrich"},"talking_points":["Jo came."]}}'


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The printed receiver as a module, in a folder of its own."""
    examples = re.findall(r"```python\n(.+?)```", PAGE.read_text(), re.DOTALL)
    [code] = [each for each in examples if "@app" in each]
    (tmp_path / "printed_receiver.py").write_text(code)
    (tmp_path / "handraiser_webhooks.py").write_bytes(Path(verifier.__file__).read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("WEBHOOK_SECRETS", " ".join(SECRETS.values()))
    for name in ("printed_receiver", "handraiser_webhooks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    module = import_module("printed_receiver")
    yield module
    module.database.close()


@pytest.fixture
async def client(receiver: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of it."""
    transport = httpx2.ASGITransport(receiver.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://receiver") as opened:
        yield opened


@pytest.mark.parametrize("which", SECRETS)
async def test_a_message_is_taken_once(
    client: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str], which: str
) -> None:
    headers = signed_headers("msg_1", now(), body=BODY, secrets=[SECRETS[which]])
    answers = [await client.post("/handraiser", content=BODY, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [204, 204]
    assert capsys.readouterr().out == "handoff.opened\n  zürich\n  Jo came.\n"


@pytest.mark.parametrize(
    "headers",
    [{}, {"webhook-signature": "v1,"}, signed_headers("m", now(), body=b"{}", secrets=[SECRETS["new"]])],
)
async def test_anything_else_is_refused(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.post("/handraiser", content=BODY, headers=headers)).status_code == 401
