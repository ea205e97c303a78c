from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from gateway.http import handlers
from gateway.http.openapi import document
from gateway.http.routes import ENDPOINTS, paths

DOCUMENT = document(ENDPOINTS)
ALIASES = {
    "/v1/voices",
    "/v1/audio/speech/voices",
    "/v1/test",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/",
    "/metrics",
    "/status/events",
    "/console/{version}/{name}",
}
"""Routes that are there for clients that do not read documents."""


async def test_it_is_not_made_for_each_stranger_who_asks() -> None:
    request = Request({"type": "http", "state": {"document": b"as it was made at the start"}})
    assert (await handlers.openapi(request)).body == b"as it was made at the start"


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [reference for value in node.values() for reference in references(value)]
    return [reference for value in node for reference in references(value)] if isinstance(node, list) else []


def test_document_and_routes_agree() -> None:
    everywhere = paths(ENDPOINTS)
    routed = {
        (path.replace(":path", ""), endpoint.method.lower())
        for endpoint in ENDPOINTS
        if not endpoint.is_socket  # of which OpenAPI knows nothing
        for path in endpoint.paths
        if path.startswith("/v1") or f"/v1{path}" not in everywhere
    }
    documented = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert documented == {(path, method) for path, method in routed if path not in ALIASES}


def test_document_says_which_routes_need_a_key() -> None:
    guarded = {
        path.replace(":path", "") for endpoint in ENDPOINTS if endpoint.needs_key for path in endpoint.paths
    }
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            assert ("security" in operation) == (path in guarded), path
            for status in ("401", "429"):
                assert (status in operation["responses"]) == ("security" in operation)


def test_every_reference_leads_to_a_schema() -> None:
    found = references(DOCUMENT)
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]


def test_every_operation_has_an_id_of_its_own() -> None:
    names = [
        operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()
    ]
    assert len(set(names)) == len(names)


def test_every_path_parameter_is_described() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            described = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert described == set(re.findall(r"{(\w+)}", path))


def test_optional_fields_take_null_and_required_ones_do_not() -> None:
    schema = DOCUMENT["components"]["schemas"]["SpeechBody"]
    assert schema["required"] == ["model", "input"]
    for name, field in schema["properties"].items():
        kinds = str(field.get("type", field.get("anyOf", "null")))
        assert ("null" in kinds) == (name not in schema["required"]), name
    assert None in schema["properties"]["response_format"]["enum"]


def test_document_holds_ranges_and_defaults() -> None:
    speed = DOCUMENT["components"]["schemas"]["SpeechBody"]["properties"]["speed"]
    assert (speed["minimum"], speed["maximum"], speed["default"]) == (0.25, 4.0, 1.0)
