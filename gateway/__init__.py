"""HTTP in, audio bytes out. Knows the OpenAI speech API; knows no model and no phonemes."""

__version__ = "0.1.0"
