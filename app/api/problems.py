"""Errors as RFC 9457 problem details: one shape for everything that goes wrong."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.rate_limit import told
from app.errors import FieldError, Problem
from app.log import fault

MEDIA_TYPE = "application/problem+json"


class FaultyField(BaseModel):
    """One thing that is wrong with a document."""

    path: str = Field(examples=["rules.0.points"])
    message: str = Field(examples=["must be a number"])


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no partner 'acme' in this program."])
    code: str = Field(description="Stable; made for programs.", examples=["not_found"])
    errors: list[FaultyField] | None = None


def install(app: FastAPI) -> None:
    """Render every error of `app` as problem details."""
    app.exception_handler(Problem)(_problem)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(ClientDisconnect)(_gone)
    app.exception_handler(Exception)(_unexpected)


def response(problem: Problem) -> JSONResponse:
    """A domain error as an answer."""
    return _rendered(
        problem.status,
        code=problem.code,
        title=problem.title,
        detail=problem.detail,
        errors=problem.errors,
        headers=problem.headers,
    )


async def _problem(request: Request, error: Problem) -> JSONResponse:
    return _told(request, response(error))


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    errors = field_errors(error.errors(), skip=1)
    answer = _rendered(
        422, code="invalid", title="The request is not valid", detail=_sentence(errors), errors=errors
    )
    return _told(request, answer)


def _told(request: Request, answer: JSONResponse) -> JSONResponse:
    """The answer with what the rate limiter has to say."""
    answer.headers.update(told(request.scope))
    return answer


async def _http(request: Request, error: HTTPException) -> JSONResponse:
    # The framework wraps what reading a body raises.
    if isinstance(error.__cause__, Problem):
        return _told(request, response(error.__cause__))
    status = HTTPStatus(error.status_code)
    return _rendered(
        status,
        code=status.name.lower(),
        title=status.phrase,
        detail=str(error.detail),
        headers=error.headers,
    )


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # The route's template: the path itself may carry a secret.
    route = getattr(request.scope.get("route"), "path", "?")
    return unexpected(error, method=request.method, route=route)


def unexpected(error: Exception, *, method: str, route: str) -> JSONResponse:
    """An answer that tells nothing of an error that nobody expected; the log tells it all."""
    fault("unexpected error", error, method=method, route=route)
    detail = "This is a fault of the service, not of the request. Its log says more."
    return _rendered(500, code="internal", title="Something went wrong", detail=detail)


async def _gone(_request: Request, _error: ClientDisconnect) -> Response:
    """Nobody is there to be answered, and that is nobody's fault."""
    return Response()


def field_errors(errors: Sequence[Mapping[str, Any]], *, skip: int = 0) -> list[FieldError]:
    """Pydantic's errors as paths and messages; `skip` leaves out the first parts of each path."""
    return [
        FieldError(".".join(str(part) for part in error["loc"][skip:]), _plain(error["msg"]))
        for error in errors
    ]


# Pydantic's own words say what the type system wants, not what a person should do.
_PLAIN = {
    "Extra inputs are not permitted": "is not a field here",
    "Field required": "is required",
    "Input should be a valid string": "must be a text",
    "Input should be a valid dictionary": "must be an object",
    "Input should be a valid number": "must be a number",
}


def _plain(message: str) -> str:
    words = message.removeprefix("Value error, ")
    return _PLAIN.get(words, words.replace("Input should", "should").replace("String should", "should"))


def _sentence(errors: Sequence[FieldError]) -> str:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first.path or 'The body'}: {first.message}{more}"


def _rendered(
    status: int,
    *,
    code: str,
    title: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    if errors:
        document["errors"] = [{"path": each.path, "message": each.message} for each in errors]
    return JSONResponse(document, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
