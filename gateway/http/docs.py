"""The page that shows the OpenAPI document to people, offline. Knows nothing but the document."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.http.openapi import Json

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ margin-top: 2.5rem; border-top: 1px solid #8886; padding-top: 1.5rem; }}
code, pre {{ font: 0.9em ui-monospace, monospace; }}
pre {{ background: #8882; padding: 0.75rem; overflow-x: auto; border-radius: 4px; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid #8883; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary} Version {version}. The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
<pre>curl <span id="base"></span>/v1/audio/speech \\
  -H 'Content-Type: application/json' \\
  -d '{{"model": "tts-1", "voice": "alloy", "input": "Hello, world."}}' &gt; hello.mp3</pre>
<script>document.getElementById("base").textContent = location.origin</script>
{operations}
</body>
</html>
"""


def page(document: Json) -> str:
    """The document as one HTML page that loads nothing from elsewhere."""
    operations = (
        _section(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    info = {name: escape(document["info"][name]) for name in ("title", "summary", "version")}
    return PAGE.format(operations="\n".join(operations), **info)


def _section(document: Json, path: str, method: str, operation: Json) -> str:
    key = "<p>Needs a key, if the gateway has keys.</p>" if "security" in operation else ""
    fields = [
        _row(p["name"], p["schema"] | {"description": p["description"]}, p.get("required", False))
        for p in operation.get("parameters", ())
    ]
    if "requestBody" in operation:
        body = _resolved(document, operation["requestBody"])
        fields += [_row(name, field, name in body["required"]) for name, field in body["properties"].items()]
    table = f"<table><tr><th>Field<th>Value<th>Meaning</tr>{''.join(fields)}</table>" if fields else ""
    answers = "".join(
        f"<li><code>{status}</code> {escape(answer['description'])} <code>{', '.join(answer['content'])}</code>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<h2>{escape(operation['summary'])}</h2><p><code>{method.upper()} {escape(path)}</code></p>{key}"
        f"{table}<ul>{answers}</ul>"
    )


def _resolved(document: Json, body: Json) -> Json:
    name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    shape: Json = document["components"]["schemas"][name]
    return shape


def _row(name: str, field: Json, is_required: bool) -> str:
    default = field.get("default")
    shown = "" if default in (None, "") else f"<br>default <code>{escape(json.dumps(default))}</code>"
    return (
        f"<tr><td><code>{escape(name)}</code><td>{escape(_values(field))}"
        f"{'<br>required' if is_required else shown}<td>{escape(field.get('description', ''))}</tr>"
    )


def _values(field: Json) -> str:
    """What the field may hold, in words."""
    if "enum" in field:
        return ", ".join(str(value) for value in field["enum"] if value is not None)
    if "minimum" in field:
        return f"{field['minimum']:g} to {field['maximum']:g}"
    if "anyOf" in field:
        return " or ".join(_values(kind) for kind in field["anyOf"] if kind.get("type") != "null")
    if "$ref" in field:
        return '{"id": name}'
    kinds = field.get("type", "anything")
    return next(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else str(kinds)
