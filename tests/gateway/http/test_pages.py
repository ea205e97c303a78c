"""What the pages are made of, and how it is sent; what they do is tested in a browser, in tests/console."""

from __future__ import annotations

import re
import tomllib
from hashlib import sha256
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.http.pages import Pages
from gateway.settings import Settings
from tests.support.gateway import Gateway
from tests.support.orders import error_of
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

STATIC = ROOT / "gateway/http/static"
VENDOR = STATIC / "vendor"
SERVED = {".css", ".html", ".js", ".json", ".svg"}
FILES = [
    path
    for path in STATIC.rglob("*")
    if path.suffix in SERVED and "node_modules" not in path.parts and not path.name.startswith("package")
]


def files_of(gateway: Gateway, page: str = "/") -> str:
    """The path below which the page's files are."""
    found = re.search(r'src="(console/[0-9a-f]{16})/', httpx.get(gateway.root + page).text)
    assert found
    return f"{gateway.root}/{found[1]}"


def test_vendored_files_are_those_that_npm_gave() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in map(str.split, lines)}
    assert sums == {name: sha256((VENDOR / name).read_bytes()).hexdigest() for name in sums}
    assert sums.keys() == {path.name for path in VENDOR.iterdir() if path.suffix in {".css", ".js", ".txt"}}


def test_licence_of_everything_vendored_is_beside_it() -> None:
    licences = (VENDOR / "LICENCES.txt").read_text(encoding="utf-8")
    for name in ("@picocss/pico", "htm", "preact"):
        assert f"== {name}\n" in licences


def test_wheel_has_every_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["gateway.http"]
    packaged = {path for pattern in patterns for path in (ROOT / "gateway/http").glob(pattern)}
    assert set(FILES) <= packaged


def test_pages_are_small() -> None:
    sizes = {path.relative_to(STATIC).as_posix(): path.stat().st_size for path in FILES}
    assert sum(sizes.values()) < 300_000
    before_first_paint = ("page.html", "console.css", "vendor/pico.css", "icon.svg")
    assert sum(sizes[name] for name in before_first_paint) < 100_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_names_another_place(path: Path) -> None:
    if path.parent != VENDOR:  # these name their projects
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_run_no_script_of_their_own_and_none_of_others(gateway: Gateway, path: str) -> None:
    policy = httpx.get(gateway.root + path).headers["content-security-policy"]
    scripts = re.search(r"script-src ([^;]*);", policy)
    assert scripts
    assert re.fullmatch(r"'self' 'sha256-[\w+/=]{44}'", scripts[1])  # the hash is that of the import map
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_page_that_has_not_changed_is_not_sent_again(gateway: Gateway, path: str) -> None:
    first = httpx.get(gateway.root + path)
    assert first.headers["cache-control"] == "no-cache"
    again = httpx.get(gateway.root + path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_browsers_keep_files_for_good_below_a_path_that_changes_with_them(gateway: Gateway) -> None:
    script = httpx.get(f"{files_of(gateway)}/console.js")
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    stale = httpx.get(f"{gateway.root}/console/0123456789abcdef/console.js")
    assert stale.status_code == 404
    assert "load the page again" in error_of(stale)["message"]


@pytest.mark.parametrize("name", ["vendor/package.json", "../pages.py", "..%2fpages.py", "nothing.js", ""])
def test_nothing_else_is_served(gateway: Gateway, name: str) -> None:
    assert httpx.get(f"{files_of(gateway)}/{name}").status_code == 404


def test_files_are_compressed_for_those_who_take_that(gateway: Gateway) -> None:
    url = f"{files_of(gateway)}/vendor/pico.css"
    plain = httpx.get(url, headers={"accept-encoding": "identity"})
    packed = httpx.get(url)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3


def test_what_the_page_is_told_cannot_end_its_attribute() -> None:
    page = Pages(Settings.from_environment(voice='"><script>')).page("console").body
    assert b'data-voice="&quot;&gt;&lt;script&gt;"' in page


def test_pages_can_be_left_out(tone: Path) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), CONSOLE="0", WORKERS="1", THREADS="1")
    try:
        for path in ("/", "/docs"):
            assert httpx.get(gateway.root + path).status_code == 404
        assert httpx.get(gateway.root + "/openapi.json").status_code == 200
    finally:
        gateway.stop()
