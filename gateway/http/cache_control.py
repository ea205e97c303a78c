"""What a Cache-Control header lets the cache do. Knows the header; knows no cache."""

from __future__ import annotations

from gateway.speech.cache_use import AllowedUse


def allowed_use(cache_control: str) -> AllowedUse:
    """As the header of a request says; `no-store` rules out both, `no-cache` only to read."""
    directives = {directive.strip().lower() for directive in cache_control.split(",")}
    may_store = "no-store" not in directives
    return AllowedUse(may_read=may_store and "no-cache" not in directives, may_store=may_store)
