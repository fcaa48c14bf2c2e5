"""The native adapters by kind."""

from collections.abc import Mapping

from app.sources.adapter import Adapter
from app.sources.sendgrid.adapter import SendGrid

ADAPTERS: Mapping[str, Adapter] = {adapter.kind: adapter for adapter in (SendGrid(),)}
