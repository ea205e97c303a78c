"""What users are told when a gateway that they name cannot be asked. Knows the faults of HTTP; asks nobody."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx
from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ADVICE: Final[Mapping[int, str]] = {
    httpx.codes.SERVICE_UNAVAILABLE: "it is busy, starting or leaving",
    httpx.codes.TOO_MANY_REQUESTS: "the key has too many requests running",
}


class Unreachable(Exception):
    """No gateway answers there, or it does not let us in; the message says what to do."""


@contextmanager
def reaching(url: object, unauthorized: str) -> Iterator[None]:
    """While the gateway at this URL is asked; `unauthorized` is what to do where it wants a key.

    Raises:
        Unreachable: it answers otherwise than a gateway does, or not at all.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        advice = unauthorized if code == httpx.codes.UNAUTHORIZED else _ADVICE.get(code, "is it one?")
        raise Unreachable(f"the gateway at {url} answers {code}; {advice}") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValidationError, ConnectionError) as error:
        raise Unreachable(f"no gateway answers at {url}; name another with --url") from error
