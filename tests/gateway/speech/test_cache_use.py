from __future__ import annotations

import pytest

from gateway.speech.cache import Cache, HeldResponse
from gateway.speech.cache_remote import RemoteCache
from gateway.speech.cache_use import AllowedUse, CacheUse
from gateway.speech.request import SpeechRequest
from gateway.speech.shared_work import SharedWork
from gateway.speech.voices import Catalogue

RESPONSE = HeldResponse(b"sound", 1, 1, 1.0)


@pytest.mark.parametrize(("use", "times"), [(AllowedUse(), 1), (AllowedUse(may_read=False), 3)])
async def test_what_many_have_heard_is_written_once_and_what_was_spoken_anew_again(
    use: AllowedUse, times: int
) -> None:
    remote = RemoteCache("redis://127.0.0.1:1", "", 300.0)  # it drops what it is given, for it is not running
    cache = Cache(10, 300.0, 1 << 20)
    request = SpeechRequest.from_fields(Catalogue(["af_heart"]), "Hello.", "af_heart")
    for listener in [CacheUse(cache, SharedWork(), request, use, remote=remote) for _ in range(3)]:
        listener.keep(RESPONSE)
    assert remote.status().events == {("response", "dropped"): times}


def test_a_gateway_that_holds_nothing_itself_collects_what_it_writes_elsewhere() -> None:
    request = SpeechRequest.from_fields(Catalogue(["af_heart"]), "Hello.", "af_heart")
    off = Cache(10, 300.0, 0)
    remote = RemoteCache("redis://127.0.0.1:1", "", 300.0)
    assert CacheUse(off, SharedWork(), request, AllowedUse(), remote=remote).room > 0
    assert CacheUse(off, SharedWork(), request, AllowedUse()).room == 0
