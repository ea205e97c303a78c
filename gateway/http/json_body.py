"""Reads the fields of a JSON object that a stranger sent, at a cost that its size bounds. Knows no field's meaning."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.http.request_errors import MalformedBody

if TYPE_CHECKING:
    from collections.abc import Collection

SMALL_BYTES: Final = 64 << 10
"""Up to here `json` builds all that is in a body, in 10 ms at worst. For 1 MiB of empty lists it took 150 ms; msgspec
skips what is not ours in 4 ms, but takes no NaN and no lone surrogate."""


class ObjectReader:
    """Reads JSON objects, of large ones only the fields with these names. Lives as long as the process."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        fields = [(name, msgspec.Raw, msgspec.Raw(b"")) for name in names]
        self._large = msgspec.json.Decoder(msgspec.defstruct("Named", fields))

    def read(self, body: bytes) -> dict[str, Any]:
        """The fields of the object in `body`.

        Raises:
            MalformedBody: it is no JSON object in UTF-8, or nested too deep.
        """
        try:
            is_small = len(body) <= SMALL_BYTES
            fields = json.loads(body.decode("utf-8-sig")) if is_small else self._named(body)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise MalformedBody(
                "We could not parse the JSON body of your request. "
                "(HINT: it has to be one JSON object, encoded in UTF-8, such as "
                '{"model": "tts-1", "input": "Hello.", "voice": "alloy"}.)'
            )
        return fields

    def _named(self, body: bytes) -> dict[str, Any]:
        found = self._large.decode(body.removeprefix(BOM_UTF8))
        raws = {name: bytes(getattr(found, name)) for name in self._names}
        return {name: _value(raw) for name, raw in raws.items() if raw}


def _value(raw: bytes) -> Any:
    # Of this size only a text can be right: anything else need not be built to be refused for its type.
    return json.loads(raw.decode()) if len(raw) <= SMALL_BYTES or raw.startswith(b'"') else []
