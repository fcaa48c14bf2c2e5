"""The domain's errors: each has a stable code, an HTTP status and a sentence that says what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one part of a document; `path` is dotted, with list positions as numbers."""

    path: str
    message: str


class Problem(Exception):
    """Base of every error a caller may see; rendered as RFC 9457 problem details."""

    code = "problem"
    status = 500
    title = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class Malformed(Problem):
    """The request could not be read at all."""

    code, status, title = "malformed", 400, "The request could not be read"


class Unauthenticated(Problem):
    """No key, or one that is not valid."""

    code, status, title = "unauthenticated", 401, "A valid key is needed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """The key is valid but lacks the scope."""

    code, status, title = "forbidden", 403, "The key may not do this"


class NotFound(Problem):
    """There is no such thing in this program."""

    code, status, title = "not_found", 404, "Not found"


class Conflict(Problem):
    """The request contradicts what is stored."""

    code, status, title = "conflict", 409, "In conflict with what is stored"


class HandoffState(Conflict):
    """The hand-off's state does not allow the move."""

    code, title = "handoff_state", "The hand-off's state does not allow this"


class ClaimLimit(Conflict):
    """The person holds as many claimed hand-offs as the rubric allows."""

    code, title = "claim_limit", "Enough is claimed"


class PreconditionFailed(Problem):
    """If-Match named a version that is no longer current."""

    code, status, title = "precondition_failed", 412, "Somebody changed it in between"


class TooLarge(Problem):
    """The body is over the limit."""

    code, status, title = "too_large", 413, "The body is too large"


class UnsupportedMedia(Problem):
    """The body's content type is not one this route reads."""

    code, status, title = "unsupported_media_type", 415, "The content type is not supported"


class Invalid(Problem):
    """The document was readable but is not valid; `errors` names every path."""

    code, status, title = "invalid", 422, "The document is not valid"


class RubricInvalid(Invalid):
    """The rubric is not valid."""

    code, title = "rubric_invalid", "The rubric is not valid"


class IdempotencyMismatch(Invalid):
    """An Idempotency-Key came again with another request."""

    code, title = "idempotency_mismatch", "The Idempotency-Key was used for another request"


class Overloaded(Problem):
    """More is waiting than the service wants to hold in memory, or a key is over its rate."""

    code, status, title = "overloaded", 429, "Slow down"

    def __init__(
        self, detail: str, *, retry_after: int = 1, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after), **(headers or {})})


class DatabaseAway(Problem):
    """The database cannot be reached, or went away before it could confirm a commit."""

    code, status, title = "database_away", 503, "The database is away"

    def __init__(
        self,
        detail: str = "The database cannot be reached. Try again; a repeat is recognised.",
    ) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class NotReady(Problem):
    """The service must not serve as it is configured or migrated."""

    code, status, title = "not_ready", 503, "Not ready"
