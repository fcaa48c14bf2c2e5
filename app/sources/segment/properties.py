"""What rules and talking points may know of a Segment call."""

from collections.abc import Mapping
from typing import Any

from app.sources.masking import link, told
from app.sources.reading import part

Item = Mapping[str, Any]


def page_url(item: Item) -> object:
    """The page that is viewed or on which it happened, or the link in the mail that was clicked."""
    properties = part(item, "properties")
    return properties.get("url") or properties.get("link_url") or part(item, "context", "page").get("url")


def track_properties(item: Item) -> dict[str, Any]:
    """The call's own, and the campaign that brought the person there."""
    properties = part(item, "properties")
    url = properties.get("url") or properties.get("link_url")
    message = properties.get("email_id")
    ours = {**link(url), **_campaign(item), **({"message": message} if message else {})}
    return told({**ours, **properties})


def page_properties(item: Item) -> dict[str, Any]:
    """The call's own, with `url`, `path` and `title` from wherever they are, and `name` and `category`."""
    page, properties = part(item, "context", "page"), part(item, "properties")
    name = item.get("name")
    ours = {
        **link(page_url(item)),
        **_campaign(item),
        **{key: page[key] for key in ("path", "title") if page.get(key)},
        **({"title": name, "name": name} if isinstance(name, str) and not page.get("title") else {}),
        "category": item.get("category"),
    }
    return told({**ours, **properties})


def _campaign(item: Item) -> dict[str, Any]:
    name = part(item, "context", "campaign").get("name")
    return {"campaign": name} if isinstance(name, str) and name else {}
