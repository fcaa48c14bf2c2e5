"""Names that are fit to be read aloud, from data that anybody may have typed."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

NOBODY = "Someone"
_LONGEST_NAME = 60
_LONGEST_ASSET = 80
_MAILBOXES = {"admin", "contact", "hello", "info", "mail", "marketing", "office", "sales", "support"}
_READ = 4  # times as much is looked at: enough for what is visible in it
_TITLES = ("title", "subject", "campaign", "name", "asset", "form")
_PLACES = ("url", "path")


def name_of(contact_name: str | None, contact: str | None) -> str:
    """What to call a contact: the name given, else one made from the e-mail address, else "Someone"."""
    return _clean(contact_name or "", _LONGEST_NAME) or _from_address(contact or "") or NOBODY


def asset_of(properties: Mapping[str, object]) -> str:
    """The title of an event's asset, else its place; empty if it has neither."""
    return title_of(properties) or place_of(properties)


def title_of(properties: Mapping[str, object]) -> str:
    """What an event's asset is called, in quotes; empty if nobody says."""
    title = _first_text(properties, _TITLES)
    return f'"{title}"' if title else ""


def place_of(properties: Mapping[str, object]) -> str:
    """Where an event's asset is on the web; empty if nowhere."""
    address = _first_text(properties, _PLACES)
    return _place(address) if address else ""


def _first_text(properties: Mapping[str, object], names: Iterable[str]) -> str:
    values = [properties.get(name) for name in names]
    texts = (_clean(value, _LONGEST_ASSET) for value in values if isinstance(value, str))
    return next((text for text in texts if text), "")


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
    if words and words[0].lower() in _MAILBOXES:
        return ""
    return _clean(" ".join(words), _LONGEST_NAME).title()


def _clean(text: str, longest: int) -> str:
    """One line of visible characters without double quotes, cut at `longest`."""
    text = text[: _READ * longest]
    # Most are, and then there is nothing to look for one by one.
    visible = text if text.isprintable() else _visible(text)
    line = " ".join(visible.replace('"', "'").split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _visible(text: str) -> str:
    """With spaces for what breaks lines, and without what else is not seen."""
    spaced = (" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    return "".join(one for one in spaced if not unicodedata.category(one).startswith("C"))
