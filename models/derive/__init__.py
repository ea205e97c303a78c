"""Graphs derived from a release for the machine they run on: made, compared, chosen."""
