"""Reading what platforms post: loosely, so that one bad item harms no neighbour."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from pydantic import ValidationError

from app.errors import Malformed
from app.sources.adapter import Meaning, Refused, Translation, Understood

OWN_TYPES = "score."
LONGEST_INTEGER = 20
MOST_ITEMS = 2_000
TOO_MANY = f"it and all after it were not read: a request may have at most {MOST_ITEMS} items"
GZIP = 31  # zlib's number for a gzip header and the largest window


def loose_json(body: bytes | str) -> Any:
    """The document. Raises Malformed if it is no JSON at all.

    Not our strict reader: half an emoji, a stray byte, a NaN or an endless number in one item would have it
    refuse the batch. Read loosely, they are refused with the item they are in.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8", "surrogateescape")
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def json_object(body: bytes | str) -> dict[str, Any]:
    """The JSON object. Raises Malformed if it is none."""
    document = loose_json(body)
    if not isinstance(document, dict):
        raise Malformed("The body is not a JSON object.")
    return document


def part(document: object, *path: str) -> dict[str, Any]:
    """The object at `path` in the document; an empty one if there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def inflated(body: bytes, encoding: str, *, most: int) -> bytes:
    """The body without its gzip. Raises Malformed, also for more than `most` bytes, which are not made."""
    if encoding.strip().lower() != "gzip":
        return _bounded(body, most)
    unzip = zlib.decompressobj(GZIP)
    try:
        plain = unzip.decompress(body, most + 1)
    except zlib.error as error:
        raise Malformed("The body is not gzip, as Content-Encoding says.") from error
    if not unzip.eof and len(plain) <= most:
        raise Malformed("The body is cut short.")
    return _bounded(plain, most)


def _bounded(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise Malformed(f"The body is over {most} bytes.")
    return body


def translated(items: Iterable[object], read: Callable[[Any], Meaning]) -> Translation:
    """What the items come to; one for which `read` raises ValueError is refused alone.

    Of too many, the first that is not read is refused for all the rest.
    """
    some = [*islice(items, MOST_ITEMS + 1)]
    read_ones = [_understood(item, read) for item in some[:MOST_ITEMS]]
    return Translation([*read_ones, *(Refused(item, TOO_MANY) for item in some[MOST_ITEMS:])])


def _understood(item: object, read: Callable[[Any], Meaning]) -> Understood | Refused:
    try:
        return Understood(item, _checked(read(item)))
    except (ValueError, RecursionError) as error:
        return Refused(item, reason_of(error))


def _checked(meaning: Meaning) -> Meaning:
    if any(event.type.startswith(OWN_TYPES) for event in meaning.events):
        raise ValueError(f"types that begin with {OWN_TYPES} are the service's own")
    return meaning


def reason_of(error: ValueError | RecursionError) -> str:
    """Why an item is refused, as a person would say it."""
    match error:
        case RecursionError():
            return "the item is nested too deep"
        case ValidationError():
            return "; ".join(_sentences(error))
        case _:
            return str(error)


def _sentences(error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        where, message = ".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, ")
        yield f"`{where}` {message}" if where else message
