"""A token bucket per key, told to clients in the RateLimit headers of the IETF draft."""

from dataclasses import dataclass
from math import ceil
from time import monotonic

from starlette.types import Scope

from app.errors import Overloaded

# How many seconds' worth of requests may come at once.
BURST_SECONDS = 2
MOST_KEYS = 10_000


def told(scope: Scope) -> dict[str, str]:
    """The headers that the limiter has for the answer to a request with this scope, if it was asked."""
    headers: dict[str, str] = scope.get("state", {}).get("headers", {})
    return headers


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class RateLimiter:
    """Allows each key so many requests per second; 0 allows everything."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._size = max(1.0, per_second * BURST_SECONDS)
        self._buckets: dict[str, _Bucket] = {}

    def spend(self, key: str) -> dict[str, str]:
        """Take one request from the key's bucket; the headers to answer with. Raises Overloaded."""
        if not self._per_second:
            return {}
        bucket = self._filled(key)
        left = bucket.tokens - 1
        headers = self._headers(left)
        if left < 0:
            wait = ceil(-left / self._per_second)
            raise Overloaded(
                f"This key may make {self._per_second:g} requests per second.",
                retry_after=wait,
                headers=headers,
            )
        bucket.tokens = left
        return headers

    def _filled(self, key: str) -> _Bucket:
        now = monotonic()
        if len(self._buckets) >= MOST_KEYS:
            self._buckets.clear()
        bucket = self._buckets.setdefault(key, _Bucket(self._size, now))
        bucket.tokens = min(self._size, bucket.tokens + (now - bucket.filled_at) * self._per_second)
        bucket.filled_at = now
        return bucket

    def _headers(self, left: float) -> dict[str, str]:
        refill = ceil((self._size - max(left, 0)) / self._per_second)
        return {
            "RateLimit-Policy": f'"key";q={int(self._size)};w={BURST_SECONDS}',
            "RateLimit": f'"key";r={max(0, int(left))};t={refill}',
        }
