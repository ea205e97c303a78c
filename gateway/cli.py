"""The command line: which commands there are, and how what users can mend is said.

Knows no command: each is a file of `gateway/commands`.
"""

from __future__ import annotations

from typing import Final

import typer
from pydantic import ValidationError

from gateway import __version__
from gateway.cluster.command import ClusterFailed
from gateway.commands import models
from gateway.commands.bench import bench
from gateway.commands.cluster import cluster
from gateway.commands.config import config
from gateway.commands.doctor import doctor
from gateway.commands.options import SERVER, with_settings
from gateway.commands.say import say
from gateway.commands.serve import serve
from gateway.commands.terminal import fail, out
from gateway.commands.voices import voices
from gateway.keys import UnusableKeys
from gateway.observe.tracing import TracingUnavailable
from gateway.server.ports import PortTaken
from gateway.settings import PREFIX, UnknownSetting
from gateway.speech.cache_server import RemoteCacheUnavailable
from gateway.speech.errors import RequestError
from gateway.speech.lexicon import UnusableLexicon
from gateway.speech.voices import UnknownVoice
from gateway.tools import top
from gateway.tools.phonemes import print_phonemes
from gateway.tools.reach import Unreachable
from inference import InferenceError
from models.fetch import FetchError
from models.manifest import UnknownModel

USERS_CAN_MEND: Final = (
    *(UnknownSetting, UnusableKeys, UnusableLexicon, UnknownModel, UnknownVoice, FetchError),
    *(PortTaken, Unreachable, TracingUnavailable, RemoteCacheUnavailable, ClusterFailed),
)
"""Exceptions that say what is wrong and what to do about it."""

OPTIONS: Final = {
    "input": "the text to say",
    "response_format": "--format, or the ending of --output",
    "speed": "--speed",
    "captions": "--captions",
}
"""Where the fields of a request come from when it is typed."""

app = typer.Typer(
    help="The OpenAI speech API on this machine, spoken by Kokoro-82M.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, cluster, say, voices, doctor, bench, config):
    app.command()(command)
app.command("top")(with_settings(*SERVER)(top.watch))

models_app = typer.Typer(help="The model files: what there is, fetch it, check it.", no_args_is_help=True)
for name, command in (("list", models.list_), ("fetch", models.fetch), ("verify", models.verify_)):
    models_app.command(name)(command)
app.add_typer(models_app, name="models")


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False
)
def phonemes(context: typer.Context) -> None:
    """Print the phonemes of a text, without server or model: a line for each line. --help says how."""
    print_phonemes(context.args)


@app.command()
def version() -> None:
    """The version."""
    out.print(__version__, highlight=False)


def main() -> None:
    """Run the command line; what users can mend is said in a sentence, without a traceback."""
    try:
        app()
    except USERS_CAN_MEND as error:
        fail(str(error))
    except RequestError as error:
        option = OPTIONS.get(error.param or "")
        fail(f"{error} It is set by {option}." if option else str(error))
    except OSError as error:
        fail(f"{error.filename or 'input or output'}: {error.strerror}")
    except ValidationError as error:
        fail("; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()))
    except InferenceError as error:
        fail(f"{error}\n`kokoro-gateway doctor` says what is wrong.")


if __name__ == "__main__":
    main()
