"""Sockets, signals and the drain: the only place that knows Hypercorn."""
