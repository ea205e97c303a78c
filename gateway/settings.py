"""The frozen Settings: every option spelled once, with its default and its meaning.

The only reader of the environment. Knows nothing of what the options are used for.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from platformdirs import user_cache_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX: Final = "KOKORO_"

OTHER_NAMES: Final = {
    "queue_seconds": "queue_s",
    "request_timeout": "request_timeout_s",
    "drain_seconds": "drain_s",
    "idle_seconds": "idle_s",
}
"""Other spellings that are taken for options: what 0.1 called them, and the unit in full."""


_SERVER: Final = re.compile(r"(?:redis|valkey)s?://([\w.-]+|\[[\da-fA-F:.]+\])(:\d+)?(/\d*)?")
_SOCKET: Final = re.compile(r"unix:///[^@]+")


class UnknownSetting(ValueError):
    """A KOKORO_ variable that no option has: most likely a typing error."""


class Settings(BaseSettings):
    """Options of one gateway. Lives as long as the process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8880, ge=0, le=65535, description="Port to listen on.")
    node_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on which this machine answers for itself under `cluster`, `/metrics` for one; unset: none.",
    )
    wyoming_port: int | None = Field(
        None, ge=0, le=65535, description="Port to listen on for Home Assistant (Wyoming); unset: not at all."
    )
    wyoming_host: str = Field(
        "127.0.0.1", description="Address to listen on for Wyoming, where no keys are asked for."
    )
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Keys that let clients in, separated by commas; without any key, everyone is let in.",
    )
    api_keys_file: Path | None = Field(None, description="File of more keys, one a line.")
    models_dir: Path = Field(
        default_factory=lambda: user_cache_path("kokoro-gateway") / "models",
        description="Where model files are kept.",
    )
    model: str | None = Field(
        None, description="Model file to run, by its name in the manifest; unset: the manifest's default."
    )
    graph: Literal["auto", "released", "derived"] = Field(
        "auto",
        description="Graph to run on the CPU: the released one, the one derived from it, or the cheaper (auto).",
    )
    provider: str = Field(
        "auto", description="ONNX Runtime provider: auto, cpu, coreml, cuda; a named one is forced."
    )
    workers: int | None = Field(
        None, ge=1, le=256, description="Number of speech workers; unset: as many as suit the machine."
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Intra-op threads of each speech worker; unset: as many as suit the machine.",
    )
    express: bool = Field(
        True,
        description="While one request is alone, make its first sound with the cores of several workers.",
    )
    arena_mb: int | None = Field(
        None,
        ge=16,
        description="Memory arena of all speech workers together, MiB; unset: a share of the memory.",
    )
    voice: str = Field("af_heart", description="Voice for requests that name none.")
    lexicon: Path | None = Field(
        None,
        description="File of pronunciations: `word = /phonemes/` or `word = other words`, one a line, or TOML.",
    )
    console: bool = Field(True, description="Serve the pages for people, at / and /docs, beside the API.")
    any_model: bool = Field(False, description="Accept every model name instead of answering 404.")
    max_input_chars: int = Field(4096, ge=1, description="Longest input of one request, characters.")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Largest request body, bytes.")
    body_timeout_s: float = Field(30, gt=0, description="Longest time for a request body to arrive, seconds.")
    queue_s: float = Field(
        2,
        ge=0,
        description="Longest wait in the queue, seconds; a request that would wait longer is refused.",
    )
    request_timeout_s: float = Field(600, gt=0, description="Longest time for a whole request, seconds.")
    max_connections: int = Field(
        512,
        ge=1,
        description="Most open connections; beyond it, the one idle for longest is closed for the new one.",
    )
    header_timeout_s: float = Field(
        15, gt=0, description="Longest time for the headers of a connection's first request, seconds."
    )
    key_requests: int = Field(32, ge=1, description="Most requests of one key at the same time.")
    stall_timeout_s: float = Field(
        120, gt=0, description="Longest time a client may leave unread what was sent to it, seconds."
    )
    start_timeout_s: float = Field(120, gt=0, description="Longest time a worker may take to start, seconds.")
    job_timeout_s: float = Field(
        60, gt=0, description="Longest time a worker may take for one job of speech, seconds."
    )
    text_timeout_s: float = Field(
        10, gt=0, description="Longest time the text worker may take for some sentences, seconds."
    )
    idle_s: float = Field(
        0,
        ge=0,
        description="Seconds without speech until the speech workers end, till the next request; 0: never.",
    )
    worker_memory_mb: int | None = Field(
        None,
        ge=64,
        description="Memory above which a worker is replaced between two jobs, MiB; unset: no limit.",
    )
    drain_s: float = Field(
        20, ge=0, description="Longest time running streams have to finish at shutdown, seconds."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="Log lines as JSON, or as text for people; auto: text on a terminal, else JSON."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged."
    )
    log_text: bool = Field(False, description="Log the text of every request; otherwise no text is logged.")
    otel: bool = Field(
        False,
        description="Send an OpenTelemetry trace of every speech request; the OTEL_ variables say where to.",
    )
    cache_entries: int = Field(
        1000, ge=0, description="Most segments and responses in the cache; 0: none is held here."
    )
    cache_ttl_s: float = Field(
        3600,
        ge=0,
        description="How long an entry stays in the cache, seconds; 0: no cache, nor KOKORO_CACHE_URL.",
    )
    cache_mb: int | None = Field(
        None,
        ge=0,
        description="Size of the cache, MiB; 0: nothing is held here; unset: 256, or a 16th of the memory if less.",
    )

    cache_url: SecretStr | None = Field(
        None,
        description="Server that keeps what gateways share: redis://, rediss:// (TLS), valkey://, valkeys:// or unix://.",
    )
    cache_secret: SecretStr | None = Field(
        None,
        description="Secret of the gateways that share: nobody else can try names there, or be believed.",
    )

    @field_validator("cache_url")
    @classmethod
    def _is_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            without_secrets(value.get_secret_value())
        return value

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        return tuple(k.strip() for k in value.split(",") if k.strip()) if isinstance(value, str) else value

    @property
    def is_loopback(self) -> bool:
        """True when only this machine can connect."""
        return is_loopback(self.host)

    @classmethod
    def from_environment(cls, **overrides: Any) -> Settings:
        """Settings from KOKORO_ variables, with `overrides` (not None) in front of them.

        Raises:
            UnknownSetting: a KOKORO_ variable names no option.
            pydantic.ValidationError: a value is out of range.
        """
        ours = {
            variable.upper().removeprefix(PREFIX).lower(): variable
            for variable in os.environ
            if variable.upper().startswith(PREFIX)
        }
        if unknown := sorted(
            ours[name] for name in ours.keys() - cls.model_fields.keys() - OTHER_NAMES.keys()
        ):
            raise UnknownSetting(
                f"{'; '.join(map(_unknown, unknown))}; `kokoro-gateway config` lists all settings"
            )
        respelled = {
            name: os.environ[ours[other]]
            for other, name in OTHER_NAMES.items()
            if other in ours and name not in ours
        }
        return cls(**respelled | {name: value for name, value in overrides.items() if value is not None})


def without_secrets(url: str) -> str:
    """The URL of a cache's server as it may be shown: without user, password and options.

    Raises:
        ValueError: it is none; what is said does not repeat it.
    """
    with contextlib.suppress(ValueError):  # which may quote the password
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        is_whole = _SOCKET if parts.scheme == "unix" else _SERVER
        # A slash or another sign in the password, and the host seems to end before it does.
        if is_whole.fullmatch(shown) and not parts.fragment and "@" not in parts.query:
            return shown
    raise ValueError(
        "write redis://HOST, rediss://HOST or unix:///PATH, and special characters of a password as %2F"
    )


def base_url(host: str, port: int) -> str:
    """What a client is given."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can connect to."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _unknown(variable: str) -> str:
    """What is wrong with a variable that names no option: it may be spelled almost like one."""
    name = variable.upper().removeprefix(PREFIX)
    close = difflib.get_close_matches(name, map(str.upper, Settings.model_fields), n=1)
    return f"unknown setting {variable}" + "".join(f", did you mean {PREFIX}{other}?" for other in close)


def as_markdown() -> str:
    """Every option as a row of a Markdown table."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{PREFIX}{name.upper()}` | {_default(name)} | {field.description} |")
    return "\n".join(rows)


def _default(name: str) -> str:
    if name == "models_dir":
        return "the user's cache directory"
    default = Settings.model_fields[name].default
    return "" if default in (None, ()) else f"`{default}`"
