"""The values other rooms see of a face. None is sent to a client as it stands: scores and vectors stay here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kit.refusal import Words

Decision = Literal["match", "no_match", "unsure"]


class Tip(msgspec.Struct, frozen=True):
    """Advice about a photo that was good enough, but only just; `code` as in the refusals."""

    code: str
    message: Words


class Template(msgspec.Struct, frozen=True):
    """One face as the models see it: personal biometric data, sealed before it is stored and never logged.

    `vectors` are float32, one by each eye of the model (`models.py`); templates of different `model` are never compared.
    """

    model: str
    vectors: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"Template(model={self.model!r})"


class Description(msgspec.Struct, frozen=True):
    """One face in one photo."""

    template: Template
    picture: int
    """64-bit perceptual hash of the aligned face: near for copies of one picture, far for two of one person."""
    image_sha256: bytes
    tips: tuple[Tip, ...] = ()


class Shown(msgspec.Struct, frozen=True):
    """A selfie by which to tell whether it was shown before: the file's digest, and `Description.picture`."""

    sha256: bytes
    picture: int


class Comparison(msgspec.Struct, frozen=True):
    """A card portrait against a selfie. Clients learn `decision` and `tips`; whoever calls `compare` logs it, with `score`."""

    decision: Decision
    tips: tuple[Tip, ...]
    score: float
    """Distance above what strangers score, in their standard deviations; see `calibration.toml`."""
    model: str
    calibration: str
    selfies: tuple[Shown, ...]
    """The frames that were compared: of several, those good enough."""
    portrait_picture: int
    """`Description.picture` of the portrait, to tell whether it was used before."""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a person allowed: for which purpose, in which wording, when."""

    purpose: str
    wording: str
    given_at: datetime


class Found(msgspec.Struct, frozen=True):
    """The one enrolled person a selfie shows; `ref` is what the caller enrolled them under."""

    ref: str


class FaceGuardRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`consent` names the purpose agreed to."""

    consent: Annotated[str, Meta(max_length=80)] = ""


class FaceGuard(msgspec.Struct, frozen=True):
    """Answer to letting one's face be watched for."""

    purpose: str
    wording: str
    text: Words
    agreed_at: datetime


class FaceLookup(msgspec.Struct, frozen=True):
    """Answer to enrolling for finding one's own dossiers by face."""

    purpose: str
    wording: str
    text: Words
    enrolled_at: datetime


class FaceKept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of the caller's face, and what for: None where nothing is."""

    lookup: FaceLookup | None
    guard: FaceGuard | None
