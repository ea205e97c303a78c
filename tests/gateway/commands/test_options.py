from __future__ import annotations

import pytest

from gateway.commands import options
from gateway.commands.options import EVERY, with_settings
from gateway.settings import Settings


@pytest.mark.parametrize("group", ["FILES", "SPEECH", "SERVER"])
def test_what_matters_to_a_command_are_settings(group: str) -> None:
    assert set(getattr(options, group)) <= set(EVERY)


def test_no_secret_can_be_given_on_the_command_line() -> None:
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert set(Settings.model_fields) - set(EVERY) == secret == {"api_keys", "cache_url", "cache_secret"}


def test_a_command_gets_the_settings_of_all_its_options_shown_or_not() -> None:
    got: list[tuple[Settings, int]] = []

    @with_settings("port")
    def command(settings: Settings, times: int = 1) -> None:
        got.append((settings, times))

    command(**dict.fromkeys(EVERY), times=3)
    command(**dict.fromkeys(EVERY) | {"host": "::1"})
    assert [(settings.host, times) for settings, times in got] == [("127.0.0.1", 3), ("::1", 1)]
