"""Home Assistant's own `tts.py` and `data.py` for Wyoming, as published; of its framework there is only what they name.

Newer ones are for Python 3.14: where this one is older, `except A, B:` is read as `except (A, B):`.
"""

from __future__ import annotations
import __future__

import asyncio
import importlib.util
import re
import sys
import sysconfig
import typing
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PACKAGE = "homeassistant.components.wyoming"
_FILES = Path(sysconfig.get_path("purelib"), *_PACKAGE.split("."))


class HomeAssistantError(Exception):
    """What its users are shown, in their language."""

    def __init__(self, *told: object, translation_placeholders: object = None, **_: object) -> None:
        super().__init__(*told, translation_placeholders)


@dataclass
class Voice:
    """One that can be chosen."""

    voice_id: str
    name: str


@dataclass
class TTSAudioRequest:
    """A text as it is written."""

    language: str
    options: dict[str, Any]
    message_gen: AsyncIterator[str]


@dataclass
class TTSAudioResponse:
    """Its sound as it is made."""

    extension: str
    data_gen: AsyncIterator[bytes]


class TextToSpeechEntity:
    """What speaks."""

    hass = None


class ConfigEntry:
    """One server that was added. Lives as long as an order."""

    entry_id = "one"

    def async_create_background_task(self, _: object, work: Any, name: str) -> None:
        self.writing = asyncio.create_task(work, name=name)


class _Framework(ModuleType):
    """A module of its framework: whatever is named of it and is not given is a class of nothing."""

    def __init__(self, name: str, **given: object) -> None:
        super().__init__(name)
        vars(self).update(given, __path__=[])
        sys.modules[name] = self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _Loader(SourceFileLoader):
    """Reads one of the files."""

    def source_to_code(self, data: Any, path: Any, **_: Any) -> CodeType:  # type: ignore[override]
        if sys.version_info < (3, 14):
            data = re.sub(rb"except (\w+(?:, \w+)+):", rb"except (\1):", data)
        flags = __future__.annotations.compiler_flag
        code: CodeType = compile(data, path, "exec", flags=flags, dont_inherit=True)
        return code


def files() -> tuple[Any, Any]:
    """The modules `tts` and `data`."""
    _make_framework()
    for name in ("const", "error", "data", "tts"):  # each may import those before it
        full = f"{_PACKAGE}.{name}"
        spec = importlib.util.spec_from_loader(full, _Loader(full, str(_FILES / f"{name}.py")))
        assert spec
        assert spec.loader
        sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[full])
    return sys.modules[f"{_PACKAGE}.tts"], sys.modules[f"{_PACKAGE}.data"]


def _make_framework() -> None:
    vars(typing).setdefault("override", lambda method: method)  # of Python 3.12
    kinds = {kind.__name__: kind for kind in (Voice, TTSAudioRequest, TTSAudioResponse, TextToSpeechEntity)}
    for name in ("homeassistant", "homeassistant.helpers", "homeassistant.helpers.entity_platform"):
        _Framework(name)
    tts = _Framework("homeassistant.components.tts", ATTR_VOICE="voice", ATTR_AUDIO_OUTPUT="output", **kinds)
    _Framework("homeassistant.components", tts=tts)
    for name in (
        _PACKAGE,
        f"{_PACKAGE}.coordinator",
        f"{_PACKAGE}.models",
    ):  # the last two only name types here
        _Framework(name)
    _Framework("homeassistant.config_entries", ConfigEntry=ConfigEntry)
    _Framework("homeassistant.const", Platform=type("Platform", (), {"TTS": "tts"}))
    _Framework("homeassistant.core", callback=lambda method: method)
    _Framework("homeassistant.exceptions", HomeAssistantError=HomeAssistantError)
