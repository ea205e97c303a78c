"""The clients that setup.sh prepares, each run as a process of its own. Knows no test."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.clients.report import Order

HERE = Path(__file__).parent
HOME = Path(sys.prefix) / "clients"
LONGEST_S = 240
"""Some of them take 20 s to import on a busy machine."""


@dataclass(frozen=True)
class Answer:
    """What came of one order: audio, or an error as the client tells it."""

    audio: bytes = b""
    words: Sequence[tuple[str, float]] = ()
    aligned_s: float | None = None
    error: str = ""
    status: int | None = None
    message: str = ""


@dataclass(frozen=True)
class Client:
    """A published package that speaks. Lives as long as the process."""

    package: str
    """What it is called in its registry."""
    environment: str
    """Its directory among those that setup.sh makes."""
    script: str
    name: str
    """What its script calls it: for Node, where one script serves several."""

    @property
    def version(self) -> str:
        """The version that its list of requirements pins."""
        if self.environment == "npm":
            pinned: Mapping[str, str] = json.loads((HERE / "package.json").read_text())["dependencies"]
            return pinned[self.name].rpartition("@")[2]
        lines = (HERE / f"requirements-{self.environment}.txt").read_text()
        found = re.search(rf"^{re.escape(self.package)}==(\S+)", lines, re.MULTILINE)
        assert found, f"{self.package} is not in its list"
        return found[1]

    def speak(self, orders: Mapping[str, tuple[str, Order]], retries: int) -> dict[str, Answer]:
        """What comes of each order, sent to its base URL one after the other."""
        if not (HOME / self.environment / "installed").exists():
            pytest.skip(f"no {self.package} here: tests/clients/setup.sh has not run, or could not get it")
        told = self._run(str(retries), json.dumps(list(orders.values())))
        assert told["version"] == self.version
        return {
            name: Answer(**answer | {"audio": b64decode(answer.get("audio", ""))})
            for name, answer in zip(orders, told["answers"], strict=True)
        }

    def _run(self, *arguments: str) -> Any:
        script, command = HERE / self.script, [str(HOME / self.environment / "bin" / "python"), "-m"]
        command += [f"tests.clients.{script.stem}", *arguments]
        directory = HERE.parent.parent
        if self.environment == "npm":  # from standard input: packages are looked for where it runs then
            node = HOME / "node" / "bin" / "node"
            command = [str(node), "--input-type=module", "-", self.name, *arguments]
            directory = HOME / "npm"
        with script.open() as source:
            done = subprocess.run(
                command,
                stdin=source,
                cwd=directory,
                env=os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},  # it would ask the network
                capture_output=True,
                text=True,
                timeout=LONGEST_S,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


OPENAI = (
    Client("openai", "openai-1", "with_openai.py", "Python"),
    Client("openai", "npm", "with_node.mjs", "openai"),
    Client("openai", "npm", "with_node.mjs", "openai-4"),
)
LIVEKIT = Client("livekit-plugins-openai", "livekit", "with_livekit.py", "Python")
PIPECAT = Client("pipecat-ai", "pipecat", "with_pipecat.py", "Python")
LIVEKIT_TALK = Client("livekit-plugins-elevenlabs", "livekit", "with_livekit_elevenlabs.py", "Python")
PIPECAT_TALK = Client("pipecat-ai", "pipecat", "with_pipecat_elevenlabs.py", "Python")
DEEPGRAM = Client("livekit-plugins-deepgram", "livekit", "with_livekit_deepgram.py", "Python")
PIPECAT_DEEPGRAM = Client("pipecat-ai", "pipecat", "with_pipecat_deepgram.py", "Python")
ELEVENLABS = (
    Client("elevenlabs", "elevenlabs", "with_elevenlabs.py", "Python"),
    Client("@elevenlabs/elevenlabs-js", "npm", "with_node.mjs", "@elevenlabs/elevenlabs-js"),
)
WYOMING = tuple(Client("wyoming", name, "with_wyoming.py", "Python") for name in ("wyoming", "wyoming-1.7"))
HOME_ASSISTANT = tuple(
    Client("homeassistant", name, "with_home_assistant.py", "Python") for name in ("wyoming", "wyoming-1.7")
)
DEEPGRAM_SDK = Client("deepgram-sdk", "pipecat", "with_deepgram.py", "Python")
TALKING = (
    *(LIVEKIT_TALK, PIPECAT_TALK, DEEPGRAM, PIPECAT_DEEPGRAM, DEEPGRAM_SDK),
    *(*ELEVENLABS, *WYOMING, *HOME_ASSISTANT),
)
CLIENTS = (
    *OPENAI,
    Client("ai", "npm", "with_node.mjs", "ai"),
    LIVEKIT,
    PIPECAT,
    Client("litellm", "litellm", "with_litellm.py", "Python"),
)
