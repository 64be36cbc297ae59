"""The OpenAPI document in the repository is what the code serves."""

from collections import Counter
from pathlib import Path

from starlette.routing import BaseRoute

from vedette.api.openapi import build_document, document_text
from vedette.api.routes import declared_routes

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "reference" / "openapi.json"


def test_stale_openapi_document_is_noticed() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document_text(), (
        "run: python -m vedette.api.openapi > docs/reference/openapi.json"
    )


def test_every_operation_says_its_permission_and_its_problem_answer() -> None:
    for path, operations in build_document()["paths"].items():
        for method, operation in operations.items():
            assert operation["x-permission"], (path, method)
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def _operation_names(routes: list[BaseRoute]) -> list[str]:
    return [str(getattr(route, "name", "")) for route in routes]


def test_operation_names_are_unique() -> None:
    names = Counter(_operation_names([route for route, _ in declared_routes()]))
    assert [name for name, count in names.items() if count > 1] == []
