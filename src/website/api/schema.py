"""The description of the APIs: drf-spectacular's, and the problems that every operation may answer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension

# Each application's own part.
from website.motos import schema as _motos  # noqa: F401
from website.problems import APIS, MEDIA_TYPE, phrase
from website.uploads import schema as _uploads  # noqa: F401
from website.weather import schema as _weather  # noqa: F401

__all__ = ["add_problems", "only_api"]

PROBLEM = {
    "type": "object",
    "description": "What went wrong: problem details, RFC 9457.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "nullable": True, "description": "the request, as the site's log names it"},
        "login": {
            "type": "string",
            "format": "uri-reference",
            "description": "the page to log in on, where nobody is logged in",
        },
        "errors": {
            "type": "array",
            "description": "each mistake in the input",
            "items": {
                "type": "object",
                "required": ["detail", "code"],
                "properties": {
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                    "pointer": {"type": "string", "description": "where in the body: a JSON pointer, RFC 6901"},
                    "parameter": {"type": "string", "description": "which query parameter"},
                },
            },
        },
    },
}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # how it registers itself
    """How to authenticate, as drf-spectacular asks for it."""

    target_class = "website.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


METHODS = ("get", "post", "put", "patch", "delete")


def only_api(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """drf-spectacular's hook before: the APIs' operations, not those that describe them."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(APIS)]


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook after generation: adds the problems that an operation may answer."""
    for name, schema in result["components"]["schemas"].items():
        _simplify(schema)
        if name.endswith("Request") and not any(
            field.get("format") == "binary" for field in schema["properties"].values()
        ):
            # website.api.fields.KnownFieldsOnly; of a form with a file the other fields are ignored.
            schema["additionalProperties"] = False
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                for status in _statuses(path, method, operation):
                    operation["responses"].setdefault(status, _response(status))
    return result


def _simplify(schema: dict[str, Any]) -> None:
    for name, field in schema.get("properties", {}).items():
        # The forms' labels, which are in the site's language.
        field.pop("title", None)
        # "One of: matches the pattern, is empty" refuses the empty string where the pattern matches it too.
        match field:
            case {"oneOf": [one, {"type": "string", "maxLength": 0}]}:
                schema["properties"][name] = one


def _statuses(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    # Those that only the application knows of.
    found = ["406", *operation.pop("x-problems", [])]
    if operation.get("parameters") or "requestBody" in operation:
        found += ["400"]
    if "{" in path or any(parameter["name"] == "cursor" for parameter in operation.get("parameters", [])):
        found += ["404"]
    if method != "get":
        found += ["403"]
    if "requestBody" in operation:
        found += ["413", "415"]
    if method == "post":
        found += ["429"]
    return sorted(set(found))


def _response(status: str) -> dict[str, Any]:
    return {
        "description": phrase(int(status)),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
