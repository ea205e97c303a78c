"""Conversations: texts that are heard while they are written, several on one socket. Knows no web framework."""
