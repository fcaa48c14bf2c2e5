"""What a chat shows, whichever chat it is, and how texts of others are made fit to be shown."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Also what turns the direction of writing, with which a name could show as another.
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Note:
    """A headline; facts as label and value; lists with a heading each; where to read on."""

    title: str
    facts: Sequence[tuple[str, str]] = ()
    lists: Sequence[tuple[str, Sequence[str]]] = ()
    link: str | None = None


def fitted(text: str, most: int, *, escape: Callable[[str], str] = str) -> str:
    """`text` escaped, on one line, and cut to at most `most` UTF-16 units, never inside of an escape.

    The chats do not say what they count as a character; by no count are there more than UTF-16 units.
    """
    line = _BLANKS.sub(" ", text).strip()
    whole = escape(line)
    if _units(whole) <= most:
        return whole
    kept, size = [], _units("…")
    for each in map(escape, line):
        size += _units(each)
        if size > most:
            break
        kept.append(each)
    return "".join(kept) + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
