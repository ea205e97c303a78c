"""HTTP in, audio bytes out. Knows the OpenAI speech API; knows no model and no phonemes."""

from importlib.metadata import version

__version__ = version("kokoro-gateway")
"""As pyproject.toml has it, by way of what is installed."""
