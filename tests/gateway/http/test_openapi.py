from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Any

import pytest

from gateway.http.app import GUARDED, OPEN
from gateway.http.docs import page
from gateway.http.openapi import document
from gateway.http.schema import SpeechBody

DOCUMENT = document()
ALIASES = {
    "/v1/voices",
    "/v1/audio/speech/voices",
    "/v1/test",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/",
    "/metrics",
}
"""Routes that are there for clients that do not read documents."""


def test_it_is_made_once_however_often_strangers_ask_for_it() -> None:
    assert document() is DOCUMENT


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [reference for value in node.values() for reference in references(value)]
    return [reference for value in node for reference in references(value)] if isinstance(node, list) else []


def test_document_and_routes_agree() -> None:
    routed = {
        (route.path.replace(":path", ""), method.lower())
        for route in (*GUARDED, *OPEN)
        for method in route.methods or ()
        if method != "HEAD" and (route.path.startswith("/v1") or f"/v1{route.path}" not in _paths())
    }
    documented = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert documented == {(path, method) for path, method in routed if path not in ALIASES}


def _paths() -> set[str]:
    return {route.path for route in (*GUARDED, *OPEN)}


def test_document_says_which_routes_need_a_key() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            assert ("security" in operation) == (path in {r.path.replace(":path", "") for r in GUARDED}), path
            assert ("401" in operation["responses"]) == ("security" in operation)


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


@pytest.fixture(scope="module")
def html() -> str:
    return page(DOCUMENT)


def test_page_shows_every_operation_and_every_field(html: str) -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in html
    for name, field in SpeechBody.model_fields.items():
        assert f"<code>{name}</code>" in html
        assert field.description
        assert escape(field.description) in html


def test_page_loads_nothing(html: str) -> None:
    loaded: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            loaded.extend(value or "" for name, value in attrs if name == "src" or (tag == "link" and value))

    Links().feed(html)
    assert loaded == []
    assert "//" not in html.replace("<!doctype", "")
