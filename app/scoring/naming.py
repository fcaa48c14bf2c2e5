"""Names that are fit to be read aloud, from data that anybody may have typed."""

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import urlsplit

NOBODY = "Someone"
_LONGEST_NAME = 60
_LONGEST_ASSET = 80
_READ = 4  # times as much is looked at: enough for what is visible in it
_TITLES = ("title", "subject", "campaign", "name", "asset")
_PLACES = ("url", "path")


def name_of(contact_name: str | None, contact: str | None) -> str:
    """What to call a contact: the name given, else one made from the e-mail address, else "Someone"."""
    return _clean(contact_name or "", _LONGEST_NAME) or _from_address(contact or "") or NOBODY


def asset_of(properties: Mapping[str, object]) -> str:
    """The asset of an event, a title in quotes or the place of a page; empty if there is none."""
    for name in _TITLES:
        title = _text(properties, name)
        if title:
            return f'"{title}"'
    return next((_place(found) for name in _PLACES if (found := _text(properties, name))), "")


def _text(properties: Mapping[str, object], name: str) -> str:
    value = properties.get(name)
    return _clean(value, _LONGEST_ASSET) if isinstance(value, str) else ""


def _place(address: str) -> str:
    """An address without what nobody reads out: the scheme and the query."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}" or address


def _from_address(contact: str) -> str:
    local, at, _ = contact.partition("@")
    if not at:
        return ""
    words = re.findall(r"[^\W\d_]+", local.partition("+")[0])
    return _clean(" ".join(words), _LONGEST_NAME).title()


def _clean(text: str, longest: int) -> str:
    """One line of visible characters without double quotes, cut at `longest`."""
    text = text[: _READ * longest]
    visible = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    visible = "".join(one for one in visible if not unicodedata.category(one).startswith("C"))
    line = " ".join(visible.replace('"', "'").split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
