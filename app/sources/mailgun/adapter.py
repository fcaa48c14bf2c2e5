"""The Mailgun adapter: its settings, its set-up, its answers, and whole requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.errors import Malformed
from app.sources.adapter import Adapter, Incoming, Meaning, Reply, Translation
from app.sources.mailgun.item import event_of
from app.sources.mailgun.signature import is_legacy, is_signed
from app.sources.reading import json_object, translated
from app.sources.resolving import Resolvers, SourceSettings, looking_at
from app.sources.shared_secrets import check_shared

# To Mailgun 200 alone is success and 406 alone is final; all else comes again for eight hours.
NEVER_AGAIN = Reply(406, "This is no event in the JSON that Mailgun's webhooks post.")

STEPS = """\
Open Send > Sending > Webhooks and choose the domain.
The HTTP webhook signing key shown there, not an API key, is the secret of this source.
Add one webhook each: Delivered Messages, Opens, Clicks, Permanent Failure, Spam Complaints, Unsubscribes.
URL of each: {url}
In each mail put the partner's id into the variable partner_id (v:partner_id), or set where else it is.
"""


class MailgunSettings(SourceSettings):
    """Paths look into `event-data`."""

    partner: Resolvers = looking_at("user-variables.partner_id")


class Mailgun(Adapter):
    """Reads Mailgun's webhooks."""

    kind = "mailgun"
    title = "Mailgun"
    settings_model: type[BaseModel] = MailgunSettings
    unreadable = NEVER_AGAIN

    def steps(self, url: str) -> list[str]:
        """The way through Mailgun's control panel."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """A secret is an HTTP webhook signing key."""
        check_shared(secrets, what="Mailgun's HTTP webhook signing key")

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether one of the signing keys made a signature in the body.

        Its age is not judged: Mailgun retries for eight hours and does not say that it signs anew.
        """
        return is_signed(incoming, secrets)

    def handshake(self, incoming: Incoming, secrets: Sequence[str]) -> Reply | None:
        """Legacy webhooks post forms, which are not read."""
        return NEVER_AGAIN if incoming.method == "POST" and is_legacy(incoming) else None

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """One event, if it tells of a partner's act."""
        resolvers = MailgunSettings.model_validate(settings).partner
        item = json_object(incoming.body).get("event-data")
        if not isinstance(item, dict):
            raise Malformed("Mailgun posts an object with `event-data`; this body has none.")

        def read(item: dict[str, Any]) -> Meaning:
            event = event_of(item, resolvers, incoming, received_at=received_at)
            return Meaning(events=(event,)) if event else Meaning()

        return translated([item], read)
