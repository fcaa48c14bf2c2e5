"""Names out of loosely typed fields, and one name made of several."""

from hashlib import blake2b

LONGEST = 255


def name_of(value: object) -> str | None:
    """A text or a whole number as text, as platforms mix the two; None for anything else and for blanks."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value).strip() or None


def joined(*parts: object, longest: int = LONGEST) -> str:
    """The parts as one name, `a|b|c`: unlike for unlike parts, and short enough to be an id."""
    texts = ("" if part is None else str(part) for part in parts)
    name = "|".join(text.replace("%", "%25").replace("|", "%7C") for text in texts)
    return name if len(name) <= longest else f"hash|{short_hash(name)}"


def short_hash(text: str) -> str:
    """32 hexadecimal digits that stand for the text, and do not tell it."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
