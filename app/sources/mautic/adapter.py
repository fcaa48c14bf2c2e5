"""The Mautic adapter: its settings, its set-up, and whole requests."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.sources.adapter import Adapter, Incoming, Translation
from app.sources.mautic.item import PREFIX, Reader
from app.sources.mautic.signature import is_signed
from app.sources.reading import json_object, translated
from app.sources.resolving import Resolvers, SourceSettings, looking_at
from app.sources.shared_secrets import check_shared

STEPS = """\
Open Settings > Webhooks > New.
Webhook POST URL: {url}
Secret: a text of your own, which is the secret of this source.
Events: Email Open, Page Hit, Form Submit, Contact Channel Subscription Change, Contact Updated.
Keep the details in the payload, or the contacts' fields are missing.
Put the partner's id into a custom field of the contact with the alias partner_id, or set where else it is.
"""


class MauticSettings(SourceSettings):
    """Paths are aliases of the contact's fields."""

    partner: Resolvers = looking_at("partner_id")


class Mautic(Adapter):
    """Reads Mautic's webhooks."""

    kind = "mautic"
    title = "Mautic"
    settings_model: type[BaseModel] = MauticSettings

    def steps(self, url: str) -> list[str]:
        """The way through Mautic's settings."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """A secret is what the webhook's page calls so."""
        check_shared(secrets, what="the secret of the webhook in Mautic")

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether one of the secrets signed the body."""
        return is_signed(incoming, secrets)

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """The items of all lists in the body; a bad one is refused alone."""
        resolvers = MauticSettings.model_validate(settings).partner
        items = _named_items(json_object(incoming.body))
        return translated(items, Reader(resolvers, incoming, received_at).read)


def _named_items(document: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """Each item under its event's name; old versions write one item without a list around it."""
    for name, listed in document.items():
        if name.startswith(PREFIX):
            yield from ({name: item} for item in (listed if isinstance(listed, list) else [listed]))
