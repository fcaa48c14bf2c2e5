"""The HubSpot adapter: its set-up, and whole requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.errors import Malformed
from app.sources.adapter import Adapter, Incoming, Meaning, Translation
from app.sources.hubspot import subscription, workflow
from app.sources.hubspot.settings import HubSpotSettings
from app.sources.hubspot.signature import is_signed
from app.sources.reading import loose_json, translated
from app.sources.shared_secrets import check_shared, same

KEY = "x-api-key"
KEY_PARAMETER = "api_key"

STEPS = """\
In a workflow add the action Send a webhook: POST, to {url} followed by ?action=form.submitted or the like.
Authentication: the request signature of an app, whose client secret is the secret of this source.
Or an API key: choose one, make it a secret of this source, and have it sent as the header X-API-Key.
Body: the properties email, associatedcompanyid or your own partner_id, and objectId.
For an app's webhooks, in the app's settings, paste the URL without ?action=.
Subscribe to changes of a contact's email, associatedcompanyid, hs_email_last_open_date, and to new deals.
"""


class HubSpot(Adapter):
    """Reads an app's webhooks and a workflow's."""

    kind = "hubspot"
    title = "HubSpot"
    settings_model: type[BaseModel] = HubSpotSettings

    def steps(self, url: str) -> list[str]:
        """The way through a workflow, and through an app's settings."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """A secret is an app's client secret, or an API key of your choice."""
        check_shared(secrets, what="the client secret of your HubSpot app, or the API key of the workflow,")

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether one of the secrets signed the request, or is the API key that it shows."""
        keys = (incoming.headers.get(KEY), incoming.query.get(KEY_PARAMETER))
        shown = [key for key in keys if key]
        if any(same(key, secret.strip()) for key in shown for secret in secrets):
            return True
        return is_signed(incoming, secrets, received_at=received_at)

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """The notifications of an app, or a workflow's one."""
        known = HubSpotSettings.model_validate(settings)
        document = loose_json(incoming.body)

        def read(item: Any) -> Meaning:
            read_one = subscription.meaning_of if isinstance(document, list) else workflow.meaning_of
            return read_one(item, known, incoming, received_at=received_at)

        match document:
            case list():
                return translated(document, read)
            case dict():
                return translated([document], read)
            case _:
                raise Malformed("HubSpot posts an array of notifications, or a workflow's object.")
