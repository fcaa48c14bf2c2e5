"""The native adapters and the presets by kind. One is read when first asked for: most programs use a few."""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import import_module

from app.sources.adapter import Adapter

PLACES = {
    "cloudevents": ("app.sources.cloudevents.adapter", "CloudEvents"),
    "hubspot": ("app.sources.hubspot.adapter", "HubSpot"),
    "mailgun": ("app.sources.mailgun.adapter", "Mailgun"),
    "mautic": ("app.sources.mautic.adapter", "Mautic"),
    "segment": ("app.sources.segment.adapter", "Segment"),
    "sendgrid": ("app.sources.sendgrid.adapter", "SendGrid"),
    "ses": ("app.sources.ses.adapter", "Ses"),
    "zoom": ("app.sources.zoom.adapter", "Zoom"),
}

PRESETS = frozenset(
    {
        "activecampaign",
        "brevo",
        "calendly",
        "customerio",
        "gotowebinar",
        "livestorm",
        "mailchimp",
        "mandrill",
        "marketing-cloud",
        "marketo",
        "postmark",
        "typeform",
    }
)
KINDS = (*sorted({*PLACES, *PRESETS}),)
# What a source with a mapping of its user's own is called.
MAPPING = "mapping"


class _Registry(Mapping[str, Adapter]):
    def __getitem__(self, kind: str) -> Adapter:
        return _preset(kind) if kind in PRESETS else _adapter(*PLACES[kind])

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


@cache
def _adapter(module: str, name: str) -> Adapter:
    adapter: Adapter = getattr(import_module(module), name)()
    return adapter


def _preset(kind: str) -> Adapter:
    adapter: Adapter = import_module("app.sources.presets").preset(kind)
    return adapter


@lru_cache(maxsize=100)
def mapping_adapter(document: str) -> Adapter:
    """The adapter of a user's own mapping, in YAML or JSON. Raises Invalid, naming what is wrong."""
    reading = import_module("app.sources.mapping.reading")
    adapter: Adapter = import_module("app.sources.mapping.adapter").MappingAdapter(
        reading.read_mapping(document), MAPPING
    )
    return adapter


ADAPTERS: Mapping[str, Adapter] = _Registry()
