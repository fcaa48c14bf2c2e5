"""The OpenAPI document: what the framework knows of the routes, and that every error is problem details."""

from typing import Any

from fastapi import FastAPI

from app.api.problems import MEDIA_TYPE, ProblemDetails

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}}}
_ANY_OTHER = {"description": "What went wrong", "content": _PROBLEM}


class DocumentedApi(FastAPI):
    """An application whose document does not take errors for ordinary JSON."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            for operations in document["paths"].values():
                for operation in operations.values():
                    _describe_errors(operation["responses"])
        return self.openapi_schema or {}


def _describe_errors(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400":
            response["content"] = _PROBLEM
    responses["default"] = _ANY_OTHER
