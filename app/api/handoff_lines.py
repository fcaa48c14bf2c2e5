"""Reading files of outcomes: of a hand-off here, by its id, or of a call that another system knows."""

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.api.body_limit import NDJSON
from app.api.csv_cells import document_of
from app.api.handoff_formats import COLUMNS, CSV
from app.api.handoff_forms import CloseForm
from app.api.parameters import Moment
from app.api.problems import field_errors
from app.api.strict_json import read_json
from app.errors import FieldError, Malformed, TooLarge, UnsupportedMedia
from app.scoring.outcomes import WITHDRAWN
from app.services.entries import FIRST
from app.services.handoff_import import Ended, Line, Mention
from app.services.handoff_view import Handoff
from app.services.handoffs import Closing
from app.services.import_results import Result
from app.services.past_handoffs import Past
from app.sources.event import Identifier

MOST = 1_000


def _of_our_time(moment: Moment) -> Moment:
    if moment < FIRST:
        raise ValueError("must not be before 1900")
    return moment


Then = Annotated[Moment, AfterValidator(_of_our_time)]


class HandoffLine(CloseForm):
    """What came of a hand-off that is here."""

    id: Identifier
    closed_at: Then | None = Field(None, description="Now, if absent.")

    def line(self) -> Line:
        """As the service takes it."""
        return Ended(self.id, _closing(self), self.by, self.closed_at)


class PastLine(CloseForm):
    """What came of a call that another system knows of."""

    external_id: Identifier = Field(description="What that system calls it; makes sending it again harmless.")
    partner: Identifier
    closed_at: Then
    opened_at: Then | None = Field(None, description="`closed_at`, if absent.")

    def line(self) -> Line:
        """As the service takes it."""
        return Past(self.external_id, self.partner, _closing(self), self.closed_at, self.opened_at, self.by)


class SilentLine(BaseModel):
    """A hand-off of which nothing is to be said: nobody has closed it, or the service has withdrawn it."""

    model_config = ConfigDict(extra="forbid")

    id: Identifier
    outcome: Literal["withdrawn"] | None = None

    def line(self) -> Line:
        """As the service takes it."""
        return Mention(self.id, self.outcome)


Form = type[HandoffLine] | type[PastLine] | type[SilentLine]

# What an export has beside, so that it may be sent back as it is.
_SHOWN = {*Handoff.model_fields, *COLUMNS}


def read_lines(content_type: str, body: bytes) -> list[Line | Result]:
    """The lines of a request, in order, each good or refused on its own.

    Raises Malformed, TooLarge and UnsupportedMedia for the request as a whole.
    """
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    documents = list(islice(_documents(kind, body), MOST + 1))
    if len(documents) > MOST:
        raise TooLarge(f"A request may have {MOST} lines.")
    return [read_line(document) for document in documents]


def _documents(kind: str, body: bytes) -> Iterator[Any]:
    match kind:
        case "application/x-ndjson":
            return (_document(line) for line in body.splitlines() if line.strip())
        case "text/csv":
            return _rows(body)
        case _:
            raise UnsupportedMedia(f"Send hand-offs as {NDJSON} or {CSV}.")


def _document(line: bytes) -> Any:
    try:
        return read_json(line)
    except Malformed as error:
        return error


def _rows(body: bytes) -> Iterator[Any]:
    try:
        text = StringIO(body.decode("utf-8-sig"), newline="")
        yield from map(document_of, csv.DictReader(text, strict=True))
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8 text.") from error
    except csv.Error as error:
        raise Malformed(f"The body is not CSV: {error}.") from error


def read_line(document: Any) -> Line | Result:
    """What a line says, or why that cannot be told."""
    if isinstance(document, Malformed):
        return Result("rejected", errors=(FieldError("", document.detail),))
    if not isinstance(document, dict):
        return Result("rejected", errors=(FieldError("", "must be an object"),))
    form = _form_of(document)
    said = {name: document[name] for name in document if name not in _SHOWN - form.model_fields.keys()}
    try:
        return form.model_validate(said).line()
    except ValidationError as error:
        faults = field_errors(error.errors(include_url=False, include_input=False))
        return Result("rejected", _id_of(document), tuple(faults))


def _form_of(document: dict[str, Any]) -> Form:
    if document.get("id") is None:
        return PastLine
    given = {name for name in HandoffLine.model_fields if document.get(name) is not None}
    is_silent = given == {"id"} or document.get("outcome") == WITHDRAWN
    return SilentLine if is_silent else HandoffLine


def _closing(form: CloseForm) -> Closing:
    return Closing(form.outcome, form.reason, form.value, form.note)


def _id_of(document: dict[str, Any]) -> str | None:
    id_ = document.get("id")
    return id_ if isinstance(id_, str) else None
