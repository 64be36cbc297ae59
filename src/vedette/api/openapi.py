"""`python -m vedette.api.openapi` prints the OpenAPI document, from which the console makes its types.

It is kept in docs/reference/openapi.json; a test fails when that file is stale.
"""

import json
import sys
from typing import Any

from fastapi.openapi.utils import get_openapi

from vedette.api.access import Access
from vedette.api.features import PROBLEM_MEDIA_TYPE
from vedette.api.routes import declared_routes
from vedette.api.schemas.common import Problem

API_VERSION = "1"


def build_document() -> dict[str, Any]:
    """Builds the document from the declared routes; each operation says what it needs in `x-permission`."""
    routes = declared_routes()
    document = get_openapi(
        title="Vedette",
        version=API_VERSION,
        description="WebSocket routes are described in docs/design/contracts.md.",
        routes=[route for route, _ in routes],
    )
    schema = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    for validation in ("HTTPValidationError", "ValidationError"):
        schemas.pop(validation, None)
    for route, access in routes:
        _describe(document, route, access)
    return document


def _describe(document: dict[str, Any], route: Any, access: Access) -> None:
    """Adds the permission, and replaces FastAPI's own validation answer by ours."""
    operations = document["paths"].get(getattr(route, "path_format", ""), {})
    for method in getattr(route, "methods", None) or ():
        operation = operations.get(method.lower())
        if operation is None:
            continue
        operation["x-permission"] = str(access.needs.value)
        refused = operation["responses"].pop("422", None)
        if refused is not None:
            problem = {"$ref": "#/components/schemas/Problem"}
            operation["responses"]["422"] = {
                "description": "The request breaks rules; every fault is in `errors`",
                "content": {PROBLEM_MEDIA_TYPE: {"schema": problem}},
            }


def document_text() -> str:
    """The document as it is kept in the repository."""
    return json.dumps(build_document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document_text())
