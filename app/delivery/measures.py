"""What Prometheus hears about this process's attempts. A label names a webhook, never a partner or a URL."""

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter("handraiser_attempts", "Attempts made by this process.", ["webhook", "outcome"])
SECONDS = Histogram(
    "handraiser_attempt_seconds",
    "How long attempts of this process took.",
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
IN_FLIGHT = Gauge("handraiser_attempts_in_flight", "Attempts of this process that are under way.")
STALE = Counter("handraiser_attempts_stale", "Results thrown away because the claim was lost.")
