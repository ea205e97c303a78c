"""Runs nginx, Caddy and HAProxy as deploy/ configures them, but for addresses, before gateways of a test."""

from __future__ import annotations

import re
import ssl
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tests.deploy.tools import DEPLOY, free_port, nginx_configuration, running, tool
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    Proxy = Callable[[Path, Path, list[int]], AbstractContextManager[httpx.Client]]

NAME = "speech.example.com"
RELEASES = ("127.0.0.1:8880", "127.0.0.1:8881")
MACHINES = ("10.0.0.11:8880", "10.0.0.12:8880", "10.0.0.13:8880")


def made_certificate(directory: Path) -> Path:
    """The directory, with a certificate for the name in the snippets, signed by itself."""
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(directory / "privkey.pem"), "-out", str(directory / "fullchain.pem")]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    subprocess.run([tool("openssl"), "req", *kind, *subject, *files], check=True, capture_output=True)
    return directory


def with_ports(text: str, upstreams: list[int], written: Sequence[str]) -> str:
    """A snippet whose addresses, as they are written in it, are those of gateways; of too few, the others are gone."""
    ports = [*upstreams, *(free_port() for _ in written[len(upstreams) :])]
    for address, port in zip(written, ports, strict=True):
        assert address in text
        text = text.replace(address, f"127.0.0.1:{port}")
    return text


def nginx(directory: Path, certificate: Path, upstreams: list[int]) -> AbstractContextManager[httpx.Client]:
    """Before one machine."""
    snippet = with_ports((DEPLOY / "nginx.conf").read_text(), upstreams, RELEASES)
    return _nginx(directory, certificate, snippet)


def nginx_fleet(
    directory: Path, certificate: Path, upstreams: list[int]
) -> AbstractContextManager[httpx.Client]:
    """Before several."""
    snippet = with_ports((DEPLOY / "nginx-fleet.conf").read_text(), upstreams, MACHINES)
    return _nginx(directory, certificate, snippet)


@contextmanager
def _nginx(directory: Path, certificate: Path, snippet: str) -> Iterator[httpx.Client]:
    """The snippet as it is, but for ports and certificate, inside the least configuration that runs anywhere."""
    plain, secure = free_port(), free_port()
    snippet = snippet.replace(f"/etc/letsencrypt/live/{NAME}", str(certificate))
    snippet = re.sub(r"^ *listen \[::\].*\n", "", snippet, flags=re.MULTILINE)
    snippet = snippet.replace("listen 80;", f"listen 127.0.0.1:{plain};")
    snippet = snippet.replace("listen 443", f"listen 127.0.0.1:{secure}")
    (directory / "snippet.conf").write_text(snippet)
    nginx_configuration(directory, "include snippet.conf;")
    command = (tool("nginx"), "-e", "stderr", "-p", str(directory), "-c", "nginx.conf")
    said = directory / "said"
    with running(*command, port=secure, said=said), client(certificate, secure) as reader:
        assert httpx.get(f"http://127.0.0.1:{plain}/health", headers={"host": NAME}).status_code == 308
        yield reader


@contextmanager
def caddy(directory: Path, certificate: Path, upstreams: list[int]) -> Iterator[httpx.Client]:
    """The snippet as it is, but for ports and certificate."""
    secure = free_port()
    snippet = with_ports((DEPLOY / "Caddyfile").read_text(), upstreams, RELEASES)
    site = f"https://{NAME}:{secure} {{\n\ttls {certificate}/fullchain.pem {certificate}/privkey.pem\n"
    snippet = "{\n\tadmin off\n\tauto_https off\n}\n" + snippet.replace(f"{NAME} {{\n", site)
    (directory / "Caddyfile").write_text(snippet)
    command = (tool("caddy"), "run", "--config", str(directory / "Caddyfile"), "--adapter", "caddyfile")
    with running(*command, port=secure, said=directory / "said"), client(certificate, secure) as reader:
        wait_for(lambda: reader.get("/health").status_code == 200, "a gateway found healthy")
        yield reader


@contextmanager
def haproxy(directory: Path, certificate: Path, upstreams: list[int]) -> Iterator[httpx.Client]:
    """The file as it is, but for ports and certificate."""
    plain, secure = free_port(), free_port()
    both = "".join((certificate / name).read_text() for name in ("fullchain.pem", "privkey.pem"))
    (directory / "both.pem").write_text(both)
    written = with_ports((DEPLOY / "haproxy.cfg").read_text(), upstreams, MACHINES)
    for old, new in (
        ("bind :80", f"bind 127.0.0.1:{plain}"),
        ("bind :443", f"bind 127.0.0.1:{secure}"),
        (f"/etc/haproxy/{NAME}.pem", str(directory / "both.pem")),
    ):
        assert old in written
        written = written.replace(old, new)
    (directory / "haproxy.cfg").write_text(written)
    command = (tool("haproxy"), "-db", "-f", str(directory / "haproxy.cfg"))
    said = directory / "said"
    with running(*command, port=secure, said=said), client(certificate, secure) as reader:
        assert httpx.get(f"http://127.0.0.1:{plain}/health", headers={"host": NAME}).status_code == 308
        gone = len(MACHINES) - len(upstreams)
        wait_for(lambda: said.read_text().count("Server gateways_by_text/") >= gone, "who is gone is known")
        yield reader


@contextmanager
def client(certificate: Path, port: int) -> Iterator[httpx.Client]:
    """Speaks TLS with whoever has the certificate, by the name in it."""
    context = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))

    def by_name(request: httpx.Request) -> None:
        request.headers["host"] = NAME
        request.extensions["sni_hostname"] = NAME

    hooks = {"request": [by_name]}
    with httpx.Client(
        base_url=f"https://127.0.0.1:{port}", verify=context, timeout=DEADLINE_S, event_hooks=hooks
    ) as made:
        yield made
