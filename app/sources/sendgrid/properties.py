"""What rules and talking points may know of a SendGrid event: campaign, link and custom arguments."""

from collections.abc import Mapping
from typing import Any

from app.sources.masking import link, told

# SendGrid merges the sender's custom arguments into the item beside fields of its own, which these are.
RESERVED_PREFIXES = ("sg_", "mc_", "marketing_campaign_", "singlesend_")
RESERVED = frozenset(
    {
        "asm_group_id",
        "attempt",
        "bounce_classification",
        "category",
        "cert_err",
        "email",
        "event",
        "ip",
        "mail_settings",
        "newsletter",
        "phase_id",
        "pool",
        "post_type",
        "reason",
        "response",
        "send_at",
        "smtp-id",
        "status",
        "template",
        "timestamp",
        "tls",
        "type",
        "url",
        "url_offset",
        "useragent",
    }
)
CAMPAIGN_NAMES = ("marketing_campaign_name", "singlesend_name", "mc_auto_name")


def is_reserved(name: str) -> bool:
    """Whether the field is SendGrid's own, not one of the sender's custom arguments."""
    return name in RESERVED or name.startswith(RESERVED_PREFIXES)


def properties(item: Mapping[str, Any], *, without: str) -> dict[str, Any]:
    """The custom arguments but `without`, then our own; no address, IP number or user agent of the reader.

    A custom argument never replaces one of ours: `path` is always the path of the clicked link.
    """
    ours = {
        "campaign": _campaign(item),
        "categories": _categories(item) or None,
        "message": item.get("sg_message_id"),
        "unsubscribe_group": item.get("asm_group_id"),
        "reason": item.get("reason"),
        "status": item.get("status"),
        **(link(item.get("url")) if item["event"] == "click" else {}),
    }
    custom = {key: value for key, value in item.items() if key != without and _is_custom(key, value)}
    return told({**custom, **{key: value for key, value in ours.items() if value is not None}})


def _is_custom(key: str, value: object) -> bool:
    """Custom arguments are single values: SendGrid takes texts only, some senders slip in numbers."""
    return not is_reserved(key) and isinstance(value, str | int | float)


def _categories(item: Mapping[str, Any]) -> list[str]:
    """One category comes as a bare string, several as a list; SendGrid repeats them now and then."""
    category = item.get("category")
    listed = category if isinstance(category, list) else [category]
    return list(dict.fromkeys(each for each in listed if isinstance(each, str)))


def _campaign(item: Mapping[str, Any]) -> object:
    """The campaign's name in SendGrid's Marketing Campaigns, else the first category."""
    names = [item.get(key) for key in CAMPAIGN_NAMES]
    return next((name for name in [*names, *_categories(item)] if name), None)
