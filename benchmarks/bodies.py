"""Bodies to post: new events, of the four types that the example rubric prices most often."""

from collections.abc import Iterator
from itertools import count

PARTNERS = 10_000
TYPES = ("email.opened", "email.clicked", "page.viewed", "form.submitted")
JSON = "application/json"
NDJSON = "application/x-ndjson"
RUN = iter(range(1_000_000))
"""A number for each series of bodies, so that no two of them have the same events."""


def events(batch: int = 1, *, partners: int = PARTNERS, content_type: str = JSON) -> Iterator[bytes]:
    """`batch` events to a body, spread over so many partners; about 250 bytes each."""
    run, numbers = next(RUN), count()
    while True:
        some = [_event(run, next(numbers), partners) for _ in range(batch)]
        if content_type == NDJSON:
            yield "\n".join(some).encode()
        else:
            yield (some[0] if batch == 1 else f"[{','.join(some)}]").encode()


def _event(run: int, number: int, partners: int) -> str:
    # 7919 is prime: neighbours in time are not neighbours in the tables.
    partner = number * 7919 % partners
    return (
        f'{{"id":"evt-{run}-{number}","type":"{TYPES[number % 4]}","partner":"partner-{partner:07}",'
        f'"contact":"jo@partner-{partner:07}.example","source":"bench",'
        f'"properties":{{"campaign":"spring-storage","path":"/partners/deal-registration"}}}}'
    )
