"""The CloudEvents adapter: its set-up, its handshake, and whole requests in the three modes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.errors import Invalid, Malformed, UnsupportedMedia
from app.sources.adapter import Adapter, Incoming, Meaning, Reply, Translation
from app.sources.cloudevents.modes import (
    BATCH,
    JSON,
    STRUCTURED,
    SUBJECT_PREFIX,
    as_event,
    from_binary,
    is_binary,
    media_type,
)
from app.sources.cloudevents.settings import CloudEventsSettings
from app.sources.event import NewEvent
from app.sources.masking import told
from app.sources.names import joined, name_of
from app.sources.reading import json_object, loose_json, translated
from app.sources.resolving import partner_of
from app.sources.shared_secrets import check_shared, same

STEPS = """\
Have your system post CloudEvents 1.0 in JSON, in binary or structured mode or as a batch, to {url}
If the source has secrets: send one as Authorization: Bearer <secret>, or as the parameter access_token.
Name the partner in the extension partnerid, the subject as partner/<id>, or partner in the data.
Name the person as contact or email in the data.
"""


class CloudEvents(Adapter):
    """Reads CloudEvents 1.0 over HTTP."""

    kind = "cloudevents"
    title = "CloudEvents"
    settings_model: type[BaseModel] = CloudEventsSettings
    taken = Reply(202)
    unreadable = Reply(400, "This is no CloudEvent that can be read.")

    def steps(self, url: str) -> list[str]:
        """What the sender is to be told."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """A secret is a bearer token of your choice; without any, the URL is the only secret."""
        if secrets:
            check_shared(secrets, what="a bearer token")

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether the request shows one of the tokens, if there are any."""
        scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
        shown = [token.strip()] if scheme.lower() == "bearer" else []
        shown += [incoming.query["access_token"]] if "access_token" in incoming.query else []
        return not secrets or any(same(each, secret.strip()) for each in shown for secret in secrets)

    def handshake(self, incoming: Incoming, secrets: Sequence[str]) -> Reply | None:
        """A sender asks by OPTIONS whether it may send, and how often; 415 tells it to write JSON."""
        match incoming.method:
            case "OPTIONS":
                return _permission(incoming.headers)
            case "POST":
                return None if _is_known(incoming) else Reply(415, "Send CloudEvents in JSON.")
            case _:
                return None

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """The event, or those of a batch; a bad one is refused alone."""
        known = CloudEventsSettings.model_validate(settings)

        def read(document: object) -> Meaning:
            event = _event(document, known, incoming)
            return Meaning((event,)) if event else Meaning()

        return translated(_documents(incoming), read)


def _permission(headers: Mapping[str, str]) -> Reply:
    """Whoever has the URL and a token may post, at any rate."""
    origin = headers.get("webhook-request-origin")
    if origin is None:
        return Reply(headers={"Allow": "POST"})
    rate = headers.get("webhook-request-rate", "")
    allowed = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": rate if rate.isdigit() else "*"}
    return Reply(headers={**allowed, "Allow": "POST"})


def _is_known(incoming: Incoming) -> bool:
    kind = media_type(incoming.headers)
    if is_binary(incoming.headers):
        return not incoming.body or kind in {"", JSON} or kind.endswith("+json")
    return kind in {STRUCTURED, BATCH}


def _documents(incoming: Incoming) -> list[object]:
    """The events as structured ones. Raises Malformed."""
    if not _is_known(incoming):
        raise Malformed("This is no mode of CloudEvents in JSON.")
    if is_binary(incoming.headers):
        try:
            return [from_binary(incoming.headers, incoming.body, read=loose_json)]
        except UnsupportedMedia as error:
            raise Malformed(error.detail) from error
    if media_type(incoming.headers) == STRUCTURED:
        return [json_object(incoming.body)]
    batch = loose_json(incoming.body)
    if not isinstance(batch, list):
        raise Malformed("A batch of CloudEvents is a JSON array.")
    return batch


def _event(document: object, settings: CloudEventsSettings, incoming: Incoming) -> NewEvent | None:
    """None if its type is set to be ignored. Raises ValueError if it cannot be counted."""
    if not isinstance(document, dict):
        raise ValueError("the event is not an object")
    try:
        fields = as_event(_without_other_subject(document))
    except Invalid as error:
        raise ValueError("; ".join(f"`{each.path}` {each.message}" for each in error.errors)) from error
    type_ = settings.type_of(fields.get("type"))
    if type_ is None and fields.get("type") in settings.types:
        return None
    source, id_ = name_of(fields.pop("source", None)), name_of(fields.pop("id", None))
    if source is None or id_ is None:
        raise ValueError("`source` and `id` are needed: together they tell a repeat")
    named = {**document, "partner": fields.get("partner")}
    return NewEvent.model_validate(
        {
            **fields,
            "id": joined(source, id_),
            "type": type_,
            "partner": partner_of(settings.partner, named, incoming),
            "properties": told(fields["properties"]),
        }
    )


def _without_other_subject(document: Mapping[str, Any]) -> dict[str, Any]:
    """A subject may be anything; of a sender that was not made for us, only `partner/<id>` is a partner."""
    subject = document.get("subject")
    is_partner = isinstance(subject, str) and subject.startswith(SUBJECT_PREFIX)
    return {name: value for name, value in document.items() if name != "subject" or is_partner}
