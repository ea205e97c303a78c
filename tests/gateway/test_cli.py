from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import av
import pytest

from gateway.commands.terminal import CANNOT_START
from gateway.settings import Settings

pytestmark = pytest.mark.slow

SECONDS = 300


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        input=None if text is None else text.encode(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )


def test_help_lists_the_commands() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("serve", "say", "voices", "models", "doctor", "bench", "config"):
        assert re.search(rf"\b{command}\b", done.stdout.decode())


def test_serve_has_an_option_for_each_setting_but_the_keys() -> None:
    shown = run("serve", "--help").stdout.decode()
    assert "--port" in shown
    assert "--api-keys-file" in shown
    assert not re.search(r"--api-keys\b(?!-file)", shown), "keys on a command line are seen by every user"


def test_say_lists_the_settings_that_matter_to_it_and_takes_all() -> None:
    shown = run("say", "--help").stdout.decode()
    assert {"--voice", "--model", "--threads", "--output"} <= set(re.findall(r"--[a-z-]+", shown))
    assert not set(re.findall(r"--[a-z-]+", shown)) & {"--host", "--port", "--max-connections", "--cache-mb"}
    assert b"No such option" not in run("voices", "--json", "--port", "9", "--cache-mb", "1").stderr


def test_config_shows_each_setting_with_its_source() -> None:
    shown = run("config", "--port", "9000").stdout.decode()
    assert "KOKORO_PORT" in shown
    assert "9000" in shown
    assert "option" in shown
    assert len(re.findall(r"KOKORO_\w+", shown)) >= len(Settings.model_fields)


@pytest.mark.parametrize(
    ("variable", "arguments", "source"),
    [
        ("KOKORO_QUEUE_S", (), "environment"),
        ("KOKORO_QUEUE_SECONDS", (), "environment"),
        ("kokoro_queue_s", (), "environment"),
        ("KOKORO_QUEUE_S", ("--queue-s", "7"), "option"),
        ("KOKORO_PORT", ("--queue-s", "20"), "option"),  # the default, asked for
        ("KOKORO_PORT", (), "default"),
    ],
)
def test_config_tells_an_option_from_a_variable_however_it_is_spelled(
    monkeypatch: pytest.MonkeyPatch, variable: str, arguments: tuple[str, ...], source: str
) -> None:
    monkeypatch.setenv(variable, "9")
    shown = run("config", *arguments).stdout.decode()
    assert re.search(rf"KOKORO_QUEUE_S +\S+ +{source}\b", shown), shown


def test_a_wrong_value_is_a_sentence_and_no_traceback() -> None:
    done = run("serve", "--port", "70000")
    assert done.returncode == CANNOT_START
    assert b"KOKORO_PORT" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_unknown_model_is_said_with_the_choices() -> None:
    done = run("models", "verify", "--model", "parrot")
    assert done.returncode == CANNOT_START
    assert b"kokoro-v1.0.int8" in done.stderr


def test_voices_are_listed_with_language_and_gender() -> None:
    voices = {voice["id"]: voice for voice in json.loads(run("voices", "--json").stdout)}
    assert len(voices) == 54
    assert voices["bf_emma"]["language"] == "en-gb"
    assert voices["am_adam"]["gender"] == "male"


def test_say_writes_a_file_whose_ending_names_the_format(tmp_path: Path) -> None:
    target = tmp_path / "hello.flac"
    done = run("say", "Hello there, this is a test.", "-o", str(target))
    assert done.returncode == 0, done.stderr.decode()
    with av.open(str(target)) as container:
        assert "flac" in str(container.format.name)
        assert sum(frame.samples for frame in container.decode(audio=0)) > 24000
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_say_speaks_though_its_standard_streams_are_closed(tmp_path: Path) -> None:
    target = tmp_path / "hello.wav"
    command = f"exec {sys.executable} -m gateway say Hello. -o {target} <&- >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], timeout=SECONDS, check=False).returncode == 0
    assert target.stat().st_size > 10_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_gateway_goes_on_where_its_first_words_cannot_be_written() -> None:
    code = "from gateway.commands.welcome import welcome; welcome('127.0.0.1', 8880); print('serving')"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=full, timeout=SECONDS, check=False
        )
    assert (done.returncode, done.stdout) == (0, b"serving\n")


def test_say_writes_captions_beside_the_audio(tmp_path: Path) -> None:
    audio, captions = tmp_path / "hello.wav", tmp_path / "hello.vtt"
    done = run("say", "Hello there, this is a test.", "-o", str(audio), "--captions", str(captions))
    assert done.returncode == 0, done.stderr.decode()
    head, cue = captions.read_text().strip().split("\n\n")
    assert head == "WEBVTT"
    assert cue.startswith("00:00:00.0")
    assert cue.endswith("\nHello there, this is a test.")
    assert audio.stat().st_size > 44


def test_say_tells_which_captions_there_are() -> None:
    done = run("say", "Hello.", "--captions", "hello.txt")
    assert done.returncode == CANNOT_START
    assert b"srt, vtt, json" in done.stderr


def test_say_reads_standard_input_and_writes_standard_output() -> None:
    done = run("say", "-", "-o", "-", "--format", "pcm", text="Good morning.")
    assert done.returncode == 0, done.stderr.decode()
    assert len(done.stdout) > 24000
    assert len(done.stdout) % 2 == 0


def test_doctor_finds_this_machine_well_and_says_so_to_machines() -> None:
    done = run("doctor", "--json", "--port", "0")
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert report["is_well"]
    assert report["hardware"]["workers"] >= 1
    assert {check["name"] for check in report["checks"]} >= {
        "espeak",
        "encoders",
        "port",
        "provider",
        "speech",
    }


def test_doctor_says_what_to_do_when_the_model_is_missing(tmp_path: Path) -> None:
    done = run("doctor", "--port", "0", "--models-dir", str(tmp_path))
    assert done.returncode == 1
    assert "models fetch" in done.stdout.decode()


def test_doctor_finds_a_taken_port() -> None:
    import socket  # noqa: PLC0415 - for one test

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("doctor", "--json", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    port = next(check for check in json.loads(done.stdout)["checks"] if check["name"] == "port")
    assert not port["is_well"]
    assert "KOKORO_PORT" in port["advice"]


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [("", "a.mp3", b"text to say"), ("Hi.", "a.xyz", b"--format"), ("Hi.", "nowhere/a.mp3", b"nowhere")],
)
def test_say_tells_what_is_wrong_in_a_sentence(tmp_path: Path, text: str, name: str, told: bytes) -> None:
    done = run("say", text, "-o", str(tmp_path / name))
    assert done.returncode == CANNOT_START
    assert b"error: " in done.stderr
    assert told in done.stderr.replace(b"\n", b" ")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("what", [[], ["--talk"]], ids=["listening", "talking"])
def test_bench_of_a_gateway_that_is_not_there_says_so_in_a_sentence(what: list[str]) -> None:
    done = run("bench", "--url", "http://127.0.0.1:1/v1", *what)
    assert done.returncode == CANNOT_START
    assert done.stderr.decode().splitlines() == [
        "error: no gateway answers at http://127.0.0.1:1/v1; name another with --url"
    ]
