"""What can be wrong with a request at this door, besides what is wrong at any. Knows no status and no envelope."""

from __future__ import annotations

from gateway.speech.errors import RequestError


class UnknownRoute(RequestError):
    """No route has this path."""


class WrongMethod(RequestError):
    """The route exists, but not for this method."""


class ModelNotFound(RequestError):
    """No model has this name."""


class MalformedBody(RequestError):
    """The body is no JSON object."""


class MissingKey(RequestError):
    """A key is required and none came in a form that can be read."""


class WrongKey(RequestError):
    """A key came that is not among ours."""


class BodyTooLarge(RequestError):
    """The body is larger than the limit."""


class TooManyRequests(RequestError):
    """This key has as many requests running as it may."""


class BodyTooSlow(RequestError):
    """The body did not arrive within its time."""


class ClientStalled(ConnectionError):
    """The client is connected but does not read: its place is given to others."""


class NotReady(RequestError):
    """No worker can take a request now."""
