"""A command-line option for each setting, made from the settings themselves. Knows no command."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting, and the Settings that come of them as its first argument."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    added = [_option(name) for name in Settings.model_fields if name not in {"api_keys"}]

    def wrapped(**values: Any) -> None:
        options = {parameter.name: values.pop(parameter.name) for parameter in added}
        command(Settings.from_environment(**options), **values)

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *added)}
    wrapped.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    return wrapped


def _option(name: str) -> inspect.Parameter:
    """A command-line option for one field of Settings; Settings itself checks the value."""
    field = Settings.model_fields[name]
    flag = f"--{name.replace('_', '-')}"
    kind: Any = str | None
    if field.annotation is bool:
        kind, flag = bool | None, f"{flag}/--no-{flag[2:]}"
    option = typer.Option(flag, help=field.description, show_default=False, rich_help_panel="Settings")
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
    )
