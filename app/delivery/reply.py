"""What one attempt can come to, before anybody has judged it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """The receiver answered; `text` is the first of its body, the headers as they came."""

    status: int
    text: str = ""
    retry_after: str | None = None
    directive: str | None = None


@dataclass(frozen=True)
class Failure:
    """There was no answer; `error` says why, for a person, and holds no secret."""

    error: str
    timed_out: bool = False


Reply = Answer | Failure
