"""The Zoom adapter: its settings, its set-up, its challenge, and whole requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.errors import Malformed
from app.sources.adapter import Adapter, Incoming, Reply, Translation
from app.sources.reading import json_object, translated
from app.sources.resolving import Resolvers, SourceSettings, looking_at
from app.sources.shared_secrets import check_shared
from app.sources.zoom.item import Reader
from app.sources.zoom.signature import answer, signer

CHALLENGE = "endpoint.url_validation"

STEPS = """\
In the Zoom App Marketplace choose Develop > Build App, and there a server-to-server app of your account.
Under Features > Access add an event subscription. Its Secret Token is the secret of this source.
Event notification endpoint URL: {url}
Event types, under Webinar: those for a registration that is created or cancelled.
Also those for a participant who joins or leaves the webinar. The same exist under Meeting.
Press Validate, save, and activate the app.
Ask for the partner's id in a registration question titled Partner ID, or set where else it is.
"""


class ZoomSettings(SourceSettings):
    """Paths look into the registrant or participant; `questions` has the answers by title."""

    partner: Resolvers = looking_at("questions.Partner ID", "questions.partner_id")


class Zoom(Adapter):
    """Reads Zoom's event subscriptions."""

    kind = "zoom"
    title = "Zoom"
    settings_model: type[BaseModel] = ZoomSettings

    def steps(self, url: str) -> list[str]:
        """The way through Zoom's App Marketplace."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """A secret is the Secret Token of a Zoom app."""
        check_shared(secrets, what="the Secret Token of your Zoom app")

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether one of the secrets signed the request."""
        return signer(incoming, secrets) is not None

    def handshake(self, incoming: Incoming, secrets: Sequence[str]) -> Reply | None:
        """Zoom asks for a proof that we know the secret, at first and every 72 hours."""
        try:
            document = json_object(incoming.body)
        except Malformed:
            return None
        secret = signer(incoming, secrets)
        if document.get("event") != CHALLENGE or secret is None:
            return None
        proof = answer(document.get("payload"), secret)
        return Reply(body=proof) if proof else None

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """One event, or one half of an attendance."""
        resolvers = ZoomSettings.model_validate(settings).partner
        return translated([json_object(incoming.body)], Reader(resolvers, incoming, received_at).read)
