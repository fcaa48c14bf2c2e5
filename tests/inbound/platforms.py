"""Platforms as they post: their method, encoding, secrets and signatures, made by code of our own."""

import base64
import gzip
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app import clock
from app.sources.registry import ADAPTERS
from tests.api.calls import Json, client_of
from tests.inbound import amazon
from tests.support.service import Service

DATA = Path(__file__).parents[1] / "data"
SAMPLES = {
    f"{kind}/{path.stem}": json.loads(path.read_text())
    for kind in sorted(ADAPTERS)
    for path in sorted((DATA / kind).glob("*.json"))
    if path.stem != "vectors"
}

SENDGRID = ec.generate_private_key(ec.SECP256R1())
PUBLIC = SENDGRID.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SECRETS = {
    "brevo": "brevo-token",
    "calendly": "calendly-key",
    "cloudevents": "bearer-token",
    "customerio": "customerio-key",
    "hubspot": "hubspot-client-secret",
    "mailgun": "mg-signing-key",
    "mandrill": "mandrill-key",
    "marketing-cloud": "ens-key",
    "marketo": "marketo-api-key",
    "mautic": "mautic-secret",
    "postmark": "somebody:postmark-password",
    "segment": "wk_123",
    "sendgrid": base64.b64encode(PUBLIC).decode(),
    "ses": amazon.TOPIC,
    "typeform": "typeform-secret",
    "zoom": "zoom-secret",
}
# The others prove nothing but that they know our URL.
UNSIGNED = {"activecampaign", "gotowebinar", "livestorm", "mailchimp"}


@dataclass(frozen=True)
class Post:
    """A request that a platform makes; `path` follows the key."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Of a form."""

    def with_headers(self, **headers: str) -> "Post":
        """With those as well; an underscore stands for a hyphen."""
        return replace(self, headers={**self.headers, **{n.replace("_", "-"): v for n, v in headers.items()}})

    def zipped(self) -> "Post":
        """As gzip."""
        return replace(self, body=gzip.compress(self.body)).with_headers(content_encoding="gzip")


def of_sample(kind: str, document: Json) -> Post:
    """A sample as its platform would post it, but for the signature."""
    asked = document["request"]
    headers = {name: value for name, value in asked["headers"].items() if "<" not in value and value}
    path = re.sub("^/ingest/[^?]*", "", asked["path"])
    match asked["body_encoding"]:
        case "none":
            return Post(b"", headers, asked["method"], path)
        case "form":
            body = urlencode(document["body"]).encode()
            return Post(body, headers, asked["method"], path, document["body"])
        case _:
            # SendGrid ends with a line break, and signs it.
            end = b"\r\n" if kind == "sendgrid" else b""
            return Post(json.dumps(_sent(document["body"])).encode() + end, headers, asked["method"], path)


def _sent(body: Any) -> Any:
    """Segment's libraries say when they send, by which a wrong clock is told."""
    return {**body, "sentAt": clock.now().isoformat()} if "sentAt" in body else body


def of_json(kind: str, body: object, path: str = "", content_type: str = "application/json") -> Post:
    """A request with that document."""
    if kind == "mandrill":
        fields = {"mandrill_events": json.dumps(body)}
        return Post(urlencode(fields).encode(), {"content-type": FORM}, fields=fields)
    return Post(json.dumps(body).encode(), {"content-type": content_type}, path=path)


FORM = "application/x-www-form-urlencoded"


def signed(kind: str, post: Post, url: str, secret: str | None = None) -> Post:
    """The request as the platform signs it; `url` is the one it was given."""
    sign = SIGNERS.get(kind)
    return sign(post, secret or SECRETS[kind], url + post.path) if sign else post


def _mac(secret: str, message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(secret.encode(), message, algorithm)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _now() -> str:
    return str(int(clock.now().timestamp()))


def _bearer(post: Post, secret: str, url: str) -> Post:
    return post.with_headers(authorization=f"Bearer {secret}")


def _basic(post: Post, secret: str, url: str) -> Post:
    return post.with_headers(authorization=f"Basic {_base64(secret.encode())}")


def _segment(post: Post, secret: str, url: str) -> Post:
    """The library shows its write key, the webhook destination signs."""
    if post.path.startswith("/v1"):
        return _basic(post, secret + ":", url)
    return post.with_headers(x_signature=_mac(secret, post.body, "sha1").hex())


def _calendly(post: Post, secret: str, url: str) -> Post:
    at = _now()
    signature = _mac(secret, at.encode() + b"." + post.body).hex()
    return post.with_headers(calendly_webhook_signature=f"t={at},v1={signature}")


def _customerio(post: Post, secret: str, url: str) -> Post:
    at = _now()
    signature = _mac(secret, f"v0:{at}:".encode() + post.body).hex()
    return post.with_headers(x_cio_timestamp=at, x_cio_signature=signature)


def _hubspot(post: Post, secret: str, url: str) -> Post:
    """Version 2 for a workflow, 3 for an app."""
    if "?" in post.path:
        signature = hashlib.sha256(f"{secret}POST{url}".encode() + post.body).hexdigest()
        return post.with_headers(x_hubspot_signature=signature, x_hubspot_signature_version="v2")
    at = _now() + "000"
    signature = _base64(_mac(secret, f"POST{url}".encode() + post.body + at.encode()))
    return post.with_headers(x_hubspot_signature_v3=signature, x_hubspot_request_timestamp=at)


def _mailgun(post: Post, secret: str, url: str) -> Post:
    """In the body, over time and token alone."""
    document, at = json.loads(post.body), _now()
    signature = {
        "timestamp": at,
        "token": "t" * 50,
        "signature": _mac(secret, (at + "t" * 50).encode()).hex(),
    }
    return replace(post, body=json.dumps({**document, "signature": signature}).encode())


def _mandrill(post: Post, secret: str, url: str) -> Post:
    text = url + "".join(name + post.fields[name] for name in sorted(post.fields))
    return post.with_headers(x_mandrill_signature=_base64(_mac(secret, text.encode(), "sha1")))


def _marketing_cloud(post: Post, secret: str, url: str) -> Post:
    return post.with_headers(x_sfmc_ens_signature=_base64(_mac(secret, post.body)))


def _marketo(post: Post, secret: str, url: str) -> Post:
    return post.with_headers(x_api_key=secret)


def _mautic(post: Post, secret: str, url: str) -> Post:
    return post.with_headers(webhook_signature=_base64(_mac(secret, post.body)))


def _sendgrid(post: Post, secret: str, url: str) -> Post:
    at = _now()
    signature = _base64(SENDGRID.sign(at.encode() + post.body, ec.ECDSA(SHA256())))
    return post.with_headers(
        x_twilio_email_event_webhook_signature=signature, x_twilio_email_event_webhook_timestamp=at
    )


def _ses(post: Post, secret: str, url: str) -> Post:
    return replace(post, body=json.dumps(amazon.signed(json.loads(post.body))).encode())


def _typeform(post: Post, secret: str, url: str) -> Post:
    return post.with_headers(typeform_signature=f"sha256={_base64(_mac(secret, post.body))}")


def _zoom(post: Post, secret: str, url: str) -> Post:
    at = _now()
    signature = f"v0={_mac(secret, f'v0:{at}:'.encode() + post.body).hex()}"
    return post.with_headers(x_zm_request_timestamp=at, x_zm_signature=signature)


SIGNERS: dict[str, Callable[[Post, str, str], Post]] = {
    "brevo": _bearer,
    "calendly": _calendly,
    "cloudevents": _bearer,
    "customerio": _customerio,
    "hubspot": _hubspot,
    "mailgun": _mailgun,
    "mandrill": _mandrill,
    "marketing-cloud": _marketing_cloud,
    "marketo": _marketo,
    "mautic": _mautic,
    "postmark": _basic,
    "segment": _segment,
    "sendgrid": _sendgrid,
    "ses": _ses,
    "typeform": _typeform,
    "zoom": _zoom,
}


async def connect(client: httpx2.AsyncClient, kind: str, **form: Any) -> Json:
    """A new source of the kind, or with a mapping, with its usual secret, as its creation showed it."""
    known: Json = {"name": kind, "secrets": [SECRETS[kind]] if kind in SECRETS else []}
    known |= {} if "mapping" in form else {"kind": kind}
    answer = await client.post("/v1/sources", json=known | form)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def send(service: Service, source: Json, post: Post) -> httpx2.Response:
    """What the service answers to a stranger who posts this to a source's URL."""
    async with client_of(service) as platform:
        url = f"/in/{source['key']}{post.path}"
        return await platform.request(post.method, url, content=post.body, headers=dict(post.headers))


async def deliver(service: Service, source: Json, post: Post) -> httpx2.Response:
    """The same, signed as its platform does."""
    return await send(service, source, signed(source["kind"], post, source["url"]))
