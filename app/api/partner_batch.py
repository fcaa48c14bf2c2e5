"""Reading a batch of partners, each of which may be wrong on its own."""

from collections.abc import Collection
from typing import Any, Literal, Self

from pydantic import BaseModel, ValidationError

from app.api.partner_forms import PartnerItem
from app.api.problems import FaultyField, field_errors
from app.api.strict_json import read_json
from app.errors import Malformed, TooLarge
from app.services.partners import PartnerData

MOST = 1_000


class BatchResult(BaseModel):
    """What became of one partner."""

    id: str | None
    status: Literal["created", "replaced", "rejected"]
    errors: list[FaultyField] | None = None

    def told(self, new: Collection[str]) -> Self:
        """The result once it is known which partners were new."""
        is_new = self.status == "replaced" and self.id in new
        return self.model_copy(update={"status": "created"}) if is_new else self


class BatchResults(BaseModel):
    """What became of each partner, in the order they were sent."""

    results: list[BatchResult]

    @staticmethod
    def openapi_body() -> dict[str, Any]:
        """The request body, for the OpenAPI document."""
        example = [
            {"id": "acme", "name": "Acme GmbH", "domains": ["acme.example"], "attributes": {"employees": 40}}
        ]
        schema = {"type": "array", "maxItems": MOST, "items": PartnerItem.model_json_schema()}
        return {
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema, "example": example}},
            }
        }


def read_batch(body: bytes) -> tuple[dict[str, PartnerData], list[BatchResult]]:
    """The partners that can be stored, by id, and a result for each that was sent.

    The last of several with the same id wins. Raises Malformed and TooLarge.
    """
    documents = read_json(body)
    if isinstance(documents, dict) and documents.keys() == {"partners"}:
        documents = documents["partners"]
    if not isinstance(documents, list):
        raise Malformed("Send a JSON array of partners.")
    if len(documents) > MOST:
        raise TooLarge(f"A batch may have {MOST} partners.")
    good: dict[str, PartnerData] = {}
    results = []
    for document in documents:
        try:
            item = PartnerItem.model_validate(document)
        except ValidationError as error:
            results.append(_rejected(document, error))
            continue
        good[item.id] = item.data(item.id)
        results.append(BatchResult(id=item.id, status="replaced"))
    return good, results


def _rejected(document: Any, error: ValidationError) -> BatchResult:
    id_ = document.get("id") if isinstance(document, dict) else None
    faults = field_errors(error.errors(include_url=False, include_input=False))
    return BatchResult(
        id=id_ if isinstance(id_, str) else None,
        status="rejected",
        errors=[FaultyField(path=each.path, message=each.message) for each in faults],
    )
