"""The pages for people and the files they are made of: read once, sent with what lets browsers keep them.

Knows files and headers; what the pages do is said in `static/`.
"""

from __future__ import annotations

import gzip
import html
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from gateway.http.request_errors import UnknownRoute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from starlette.requests import Request

    from gateway.settings import Settings

CONTENT_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""What is served, by how its name ends; what else lies in the folder is for those who look after it."""

NOT_SERVED: Final = frozenset({"package.json", "package-lock.json"})

_TEMPLATE: Final = "page.html"
_TITLES: Final = {"console": "Kokoro Gateway", "reference": "Reference · Kokoro Gateway"}
"""By page; the script that fills a page is called the same."""

_IMPORT_MAP: Final = re.compile(r'<script type="importmap">([^<]*)</script>')

_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'sha256-{}'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The one script in a page is its import map, which browsers take from nowhere else. `data:` is for pico's icons."""


@dataclass(frozen=True)
class StaticFile:
    """What is sent for one file. Lives as long as the application."""

    body: bytes
    packed: bytes
    """The same, compressed with gzip."""
    content_type: str
    cache_control: str
    policy: str = ""
    """Content-Security-Policy, if it is a page."""

    def response(self, request: Request) -> Response:
        """The file, compressed where the browser takes that; 304 if it has the file already."""
        headers = {
            "cache-control": self.cache_control,
            "etag": f'W/"{_digest(self.body)}"',
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
        }
        if self.policy:
            headers["content-security-policy"] = self.policy
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.body, headers=headers, media_type=self.content_type)
        headers["content-encoding"] = "gzip"
        return Response(self.packed, headers=headers, media_type=self.content_type)


class Pages:
    """The pages and their files. Lives as long as the application.

    Files stand below a path that changes with any of them, so browsers keep them for good and never mix versions.
    """

    def __init__(self, settings: Settings) -> None:
        contents = dict(_read(files("gateway.http") / "static"))
        self.version: Final = _digest(b"".join(contents[name] for name in sorted(contents)))
        said = {
            "files": f"console/{self.version}",
            "most_characters": str(settings.max_input_chars),
            "voice": settings.voice,
        }
        template = contents.pop(_TEMPLATE)
        self._pages = {
            name: _page(template, said | {"title": title, "script": f"{name}.js"})
            for name, title in _TITLES.items()
        }
        self._files = {
            name: StaticFile(body, _packed(body), _content_type(name), "public, max-age=31536000, immutable")
            for name, body in contents.items()
        }

    def page(self, name: str) -> StaticFile:
        """A page that is always asked for again, so that it names the newest files."""
        return self._pages[name]

    def file(self, version: str, name: str) -> StaticFile:
        """A file of this version.

        Raises:
            UnknownRoute: there is none.
        """
        if version != self.version or name not in self._files:
            raise UnknownRoute("The console has no such file; load the page again.")
        return self._files[name]


def _page(body: bytes, said: Mapping[str, str]) -> StaticFile:
    text = body.decode()
    for name, value in said.items():
        text = text.replace(f"{{{{{name}}}}}", html.escape(value))
    found = _IMPORT_MAP.search(text)
    assert found, "a page without an import map"
    policy = _POLICY.format(b64encode(sha256(found[1].encode()).digest()).decode())
    body = text.encode()
    return StaticFile(body, _packed(body), CONTENT_TYPES[".html"], "no-cache", policy)


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _read(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that is served."""
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "node_modules":
                yield from _read(entry, f"{above}{entry.name}/")
        elif _content_type(entry.name) and entry.name not in NOT_SERVED:
            yield above + entry.name, entry.read_bytes()


def _content_type(name: str) -> str:
    return CONTENT_TYPES.get(name[name.rfind(".") :], "")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
