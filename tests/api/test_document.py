"""The OpenAPI document holds: whatever schemathesis makes of it, the service answers as the document says."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, CheckFunction
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.routes import DOCUMENT, ENDLESS
from tests.api.world import World
from tests.support.service import OPERATOR_KEY, Service

Operation = APIOperation[Any, Any, Any, Any]
CONFORMS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What deletes comes last, so that the others find what they are about.
OPERATIONS = sorted(
    (
        each.ok()
        for each in from_dict(DOCUMENT).get_all_operations()
        if isinstance(each, Ok) and each.ok().label not in ENDLESS
    ),
    key=lambda operation: operation.method == "delete",
)
FEW = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


# The service runs in a thread of this process, and hypothesis takes its use of `random` for ours.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_answers_as_documented(service: Service, playground: World, operation: Operation) -> None:
    headers = {"Authorization": f"Bearer {OPERATOR_KEY}", "X-Program": playground.program}

    @FEW
    @given(case=operation.as_strategy())
    def answers_as_documented(case: Case[Any]) -> None:
        known = {name: value for name, value in playground.ids.items() if name in case.path_parameters}
        case.path_parameters.update(known)
        case.headers.pop("x-program", None)
        answer = case.call(base_url=service.url, headers=headers)
        assert answer.status_code not in {401, 403} or not case.path.startswith("/v1/")
        case.validate_response(answer, checks=CONFORMS)

    answers_as_documented()
