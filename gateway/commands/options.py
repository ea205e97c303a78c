"""A command-line option for each setting, made from the settings themselves. Knows no command."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Command = Callable[..., None]

_NO_OPTION: Final = frozenset({"api_keys", "cache_url", "cache_secret"})
"""Settings that a command line would show to every user of the machine."""

EVERY: Final = tuple(name for name in Settings.model_fields if name not in _NO_OPTION)

FILES: Final = ("models_dir", "model")
"""What settles which model files are meant."""

SPEECH: Final = (
    *(*FILES, "graph", "provider", "workers", "threads", "express", "arena_mb", "voice", "lexicon"),
    *("start_timeout_s", "job_timeout_s", "request_timeout_s"),
)
"""What matters to whoever speaks without a server."""

SERVER: Final = ("host", "port", "api_keys_file")
"""What settles where a gateway is and who may ask it."""


def with_settings(*shown: str) -> Callable[[Command], Command]:
    """Give a command an option for each setting, and the Settings that come of them as its first argument.

    The command is a function whose first parameter takes the Settings and whose others are Typer's. Its help lists
    the settings `shown`; it takes the others too, so that the options of `serve` can be handed to any command.
    """
    return lambda command: _with_options(command, shown)


def _with_options(command: Command, shown: Collection[str]) -> Command:
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    added = [_option(name, is_shown=name in shown) for name in EVERY]

    def wrapped(**values: Any) -> None:
        options = {parameter.name: values.pop(parameter.name) for parameter in added}
        command(Settings.from_environment(**options), **values)

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *added)}
    wrapped.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    return wrapped


def _option(name: str, *, is_shown: bool) -> inspect.Parameter:
    """A command-line option for one field of Settings; Settings itself checks the value."""
    field = Settings.model_fields[name]
    flag = f"--{name.replace('_', '-')}"
    kind: Any = str | None
    if field.annotation is bool:
        kind, flag = bool | None, f"{flag}/--no-{flag[2:]}"
    option = typer.Option(
        flag, help=field.description, show_default=False, hidden=not is_shown, rich_help_panel="Settings"
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
    )
