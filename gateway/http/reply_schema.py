"""The wire shapes of what is told besides sound: voices, models, health."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class VoiceItem(BaseModel):
    """A voice that may be asked for, under its name in several APIs."""

    id: str
    voice_id: str
    name: str
    category: Literal["premade"] = "premade"
    language: str
    gender: str


class VoiceList(BaseModel):
    """Every voice, the OpenAI names among them."""

    voices: list[VoiceItem]


class VoiceNames(BaseModel):
    """Only the names of the voices, as older clients want them."""

    voices: list[str]


class Model(BaseModel):
    """A model that may be asked for."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    """The models, as OpenAI lists them."""

    object: Literal["list"] = "list"
    data: list[Model]


class ModelName(BaseModel):
    """A model as pickers of speech models want it."""

    id: str
    name: str


class AudioModelList(BaseModel):
    """The models, for pickers of speech models."""

    models: list[ModelName]


class Health(BaseModel):
    """State of the gateway."""

    status: str
    version: str
