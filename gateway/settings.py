"""The frozen Settings: every option spelled once, with its default and its meaning.

The only reader of the environment. Knows nothing of what the options are used for.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal

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


class UnknownSetting(ValueError):
    """A KOKORO_ variable that no option has: most likely a typing error."""


class Settings(BaseSettings):
    """Options of one gateway. Lives as long as the process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8880, ge=0, le=65535, description="Port to listen on.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Keys that clients must send, separated by commas; none: every client is let in."
    )
    api_keys_file: Path | None = Field(None, description="File with one more key on each line.")
    models_dir: Path = Field(
        default_factory=lambda: user_cache_path("kokoro-gateway") / "models",
        description="Where model files are kept.",
    )
    model: str | None = Field(
        None, description="Model file to run, by its name in the manifest; default: the manifest's own."
    )
    graph: Literal["auto", "released", "derived"] = Field(
        "auto",
        description="Graph on the CPU: the released one, one derived from it, or the cheaper of the two.",
    )
    provider: str = Field(
        "auto", description="ONNX Runtime provider: auto, cpu, coreml, cuda; forced if named."
    )
    workers: int | None = Field(None, ge=1, le=256, description="Speech workers; default from the hardware.")
    threads: int | None = Field(None, ge=1, le=256, description="Intra-op threads of each speech worker.")
    express: bool = Field(True, description="One more worker, which makes the first sound of each request.")
    arena_mb: int | None = Field(None, ge=16, description="Memory arena of all speech workers together, MB.")
    voice: str = Field("af_heart", description="Voice for requests that name none.")
    any_model: bool = Field(False, description="Accept every model name instead of answering 404.")
    max_input_chars: int = Field(4096, ge=1, description="Longest input of one request, characters.")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Largest request body, bytes.")
    body_timeout_s: float = Field(30, gt=0, description="Longest time for a request body to arrive, seconds.")
    queue_s: float = Field(20, ge=0, description="Longest wait a new request is let in to, seconds.")
    request_timeout_s: float = Field(600, gt=0, description="Longest time for a whole request, seconds.")
    max_connections: int = Field(
        512, ge=1, description="Most open connections; then the longest idle makes room."
    )
    header_timeout_s: float = Field(
        15, gt=0, description="Longest time for the headers of a connection's first request, seconds."
    )
    key_requests: int = Field(32, ge=1, description="Most requests of one key at the same time.")
    stall_timeout_s: float = Field(
        120, gt=0, description="Longest time a client may leave what it is sent unread, seconds."
    )
    start_timeout_s: float = Field(120, gt=0, description="Longest start of a worker, seconds.")
    job_timeout_s: float = Field(
        60, gt=0, description="Longest time a worker may take for a segment, seconds."
    )
    text_timeout_s: float = Field(
        10, gt=0, description="Longest time the text worker may take for some sentences, seconds."
    )
    idle_s: float = Field(
        0,
        ge=0,
        description="Time without speech after which the speech workers end, until the next request; 0: never.",
    )
    worker_memory_mb: int | None = Field(
        None, ge=64, description="Memory past which a worker is replaced between two jobs, MB; default: any."
    )
    drain_s: float = Field(20, ge=0, description="Time for running streams to finish at shutdown.")
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="Log lines as JSON or for reading; auto: for reading on a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least log level.")
    log_text: bool = Field(
        False, description="Log the text of every request; it is logged nowhere otherwise."
    )
    otel: bool = Field(
        False,
        description="Send a trace of every speech request by OpenTelemetry, to where its OTEL_ variables say.",
    )
    cache_entries: int = Field(
        1000, ge=0, description="Most segments and responses in the cache; 0: no cache."
    )
    cache_ttl_s: float = Field(3600, ge=0, description="How long they live there, seconds; 0: no cache.")
    cache_mb: int | None = Field(
        None,
        ge=0,
        description="Most they take, MB; 0: no cache; default 256, or a 16th of the memory if that is less.",
    )

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        return tuple(k.strip() for k in value.split(",") if k.strip()) if isinstance(value, str) else value

    @property
    def is_loopback(self) -> bool:
        """True when only this machine can connect."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

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
