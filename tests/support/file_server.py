"""A file to fetch, and a web server on this machine that offers it in good and bad ways."""

from __future__ import annotations

import hashlib
import random
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from models.manifest import File, Source, UrlSource

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

CONTENT = random.Random(1).randbytes(3_000_000)  # noqa: S311 - not a secret


def file_from(*sources: Source | str) -> File:
    """CONTENT as a file of a manifest, with these sources or URLs."""
    return File(
        name="m",
        about="a model",
        filename="m.onnx",
        bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="MIT",
        sources=tuple(UrlSource(source) if isinstance(source, str) else source for source in sources),
    )


def assert_only_the_file(directory: Path) -> None:
    assert [path.name for path in directory.iterdir()] == ["m.onnx"]
    assert (directory / "m.onnx").read_bytes() == CONTENT


class FileServer(ThreadingHTTPServer):
    """Lives as long as one test. Offers CONTENT at /good, and spoilt in the way each other path is named for."""

    daemon_threads = False  # joined at the end, so that no test leaves a socket behind

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.requests: list[tuple[str, str | None]] = []
        """Path and Range header of each request so far."""
        self.gate = threading.Event()
        """Until it is set, /gated stops half-way and /silent says nothing."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.requests.append((path, self.headers["Range"]))
        way = path.split("/")[1].replace("-", "_")
        try:
            getattr(self, way, self.missing)()
        except ConnectionError:
            self.close_connection = True  # the client has heard enough

    def good(self) -> None:
        self._send(self._announce())

    def without_ranges(self) -> None:
        del self.headers["Range"]
        self.good()

    def other_content(self) -> None:
        self._send(self._announce(CONTENT[::-1]))

    def other_size(self) -> None:
        self._send(self._announce(CONTENT + b"more"))

    def cut_short(self) -> None:
        rest = self._announce()
        self._send(rest[: max(len(rest) // 2, 1)])

    def nothing_more(self) -> None:
        rest = self._announce()
        self._send(rest[: max(100_000 - (len(CONTENT) - len(rest)), 0)])

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self._send(CONTENT)

    def gated(self) -> None:
        rest = self._announce()
        self._send(rest[: len(rest) // 2])
        self.server.gate.wait(60)
        self._send(rest[len(rest) // 2 :])

    def silent(self) -> None:
        self.server.gate.wait(60)

    def moved(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/good")
        self.end_headers()

    def missing(self) -> None:
        self.send_error(404)

    def _announce(self, content: bytes = CONTENT) -> bytes:
        """Send status and headers; return what the body has to be."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        return content[start:]

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        pass
