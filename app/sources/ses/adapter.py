"""The Amazon SES adapter: its topics, its set-up, the confirmation, and whole requests."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.errors import FieldError, Invalid
from app.sources.adapter import Adapter, Incoming, Reply, Translation
from app.sources.reading import translated
from app.sources.resolving import Resolvers, SourceSettings, looking_at
from app.sources.ses.envelope import NOTIFICATION, envelope_of, opened
from app.sources.ses.item import Reader

TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]{1,40}:\d{12}:[\w-]{1,256}(?:\.fifo)?", re.ASCII)
NO_TOPIC = "the ARN of the SNS topic is needed: anybody may sign with SNS, and only its topic says who it was"
BAD_TOPIC = "is no ARN of an SNS topic, such as arn:aws:sns:eu-west-1:111122223333:ses-events"

STEPS = """\
In SES open Configuration sets, your set, Event destinations, and add one that publishes to an SNS topic.
Event types: Deliveries, Opens, Clicks, Hard bounces, Complaints, Subscriptions.
In SNS open that topic, whose ARN is the secret of this source, and create a subscription.
Protocol HTTPS, raw message delivery off, endpoint: {url}
The subscription is confirmed by itself within a minute.
Send each mail to one recipient, with the partner's id in the message tag partner_id, or set where else it is.
"""


class SesSettings(SourceSettings):
    """Paths look into the SES event; a message tag is a list, of which the first counts."""

    partner: Resolvers = looking_at("mail.tags.partner_id")


class Ses(Adapter):
    """Reads what SES publishes to an SNS topic."""

    kind = "ses"
    title = "Amazon SES"
    settings_model: type[BaseModel] = SesSettings

    def steps(self, url: str) -> list[str]:
        """The way through the consoles of SES and SNS."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """SNS shares no secret; what vouches is its certificate, together with the topic's ARN."""
        if not secrets:
            raise Invalid("The source has no topic.", errors=[FieldError("secrets", NO_TOPIC)])
        bad = [
            FieldError(f"secrets.{n}", BAD_TOPIC)
            for n, each in enumerate(secrets)
            if not TOPIC.fullmatch(each.strip())
        ]
        if bad:
            raise Invalid("A secret is no topic of SNS.", errors=bad)

    def needs(self, incoming: Incoming) -> str | None:
        """The certificate of SNS that the request says it was signed with."""
        envelope = opened(incoming.body)
        return envelope.certificate_url() if envelope else None

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether it is from one of the topics, and SNS signed it."""
        envelope = opened(incoming.body)
        url = envelope.certificate_url() if envelope else None
        certificate = incoming.fetched.get(url) if url else None
        if envelope is None or certificate is None:
            return False
        is_ours = envelope.text("TopicArn") in {each.strip() for each in secrets}
        return is_ours and envelope.is_signed(certificate, at=received_at)

    def handshake(self, incoming: Incoming, secrets: Sequence[str]) -> Reply | None:
        """A subscription is confirmed by a visit to an address of SNS; its end needs nothing."""
        envelope = opened(incoming.body)
        if envelope is None or envelope.kind in {"", NOTIFICATION}:
            return None
        return Reply(visit=envelope.confirmation_url())

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """One SES event, which may be about several recipients."""
        resolvers = SesSettings.model_validate(settings).partner
        envelope = envelope_of(incoming.body)
        return translated([envelope.fields], Reader(resolvers, incoming, received_at).read)
