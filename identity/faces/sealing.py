"""Templates sealed for the disk: each under a key of its own, that key under the deployment's and the person's, both tied to
person and model. A person's key is in no backup: when it is destroyed, nothing of theirs opens any more (decision 0019)."""

import hmac
from itertools import accumulate, pairwise

import msgspec

from identity.faces.messages import Template
from identity.faces.models import Model
from kit import crypto
from kit.keys import PersonalKeys


class Templates:
    """Those of one model."""

    def __init__(self, keys: PersonalKeys, model: Model) -> None:
        self._keys, self._model = keys, model
        self._wrapping_key = hmac.digest(keys.key("faces"), b"wrapping the data keys of faces", "sha256")

    def make_key(self, ref: str) -> None:
        """The person's own, unless it is there; blocks until it is durable."""
        self._keys.make_personal(_personal(ref))

    def has_key(self, ref: str) -> bool:
        return self._keys.personal(_personal(ref)) is not None

    def destroy_key(self, ref: str) -> None:
        """From then on nothing of the person's opens, wherever a copy of it lies."""
        self._keys.destroy_personal(_personal(ref))

    def seal(self, ref: str, template: Template) -> tuple[bytes, bytes]:
        """A new data key, wrapped, and what it seals. Raises ValueError on another model's template, crypto.Tampered without
        the person's key."""
        self.refuse_another(template)
        key, owner = crypto.new_key(), self._owner(ref)
        plain = b"".join(template.vectors[eye.name] for eye in self._model.eyes)
        return crypto.seal(self._wrapping(ref), key, owner), crypto.seal(key, plain, owner)

    def open(self, ref: str, wrapped: bytes, sealed: bytes) -> Template:
        """Raises crypto.Tampered: of another person, model or deployment, or of a person whose key was destroyed."""
        owner = self._owner(ref)
        plain = crypto.unseal(crypto.unseal(self._wrapping(ref), wrapped, owner), sealed, owner)
        ends = accumulate((4 * eye.dimension for eye in self._model.eyes), initial=0)
        parts = (plain[start:end] for start, end in pairwise(ends))
        return Template(self._model.id, dict(zip((eye.name for eye in self._model.eyes), parts, strict=True)))

    def refuse_another(self, template: Template) -> None:
        """Raises ValueError unless this gallery's model made it."""
        if template.model != self._model.id:
            raise ValueError(f"a template by {template.model} for a gallery of {self._model.id}")

    def _wrapping(self, ref: str) -> bytes:
        personal = self._keys.personal(_personal(ref))
        if personal is None:
            raise crypto.Tampered("the personal key was destroyed")
        return hmac.digest(self._wrapping_key, personal, "sha256")

    def _owner(self, ref: str) -> bytes:
        """What sealed bytes are tied to: moved to another person or read as another model's, they do not open."""
        return msgspec.json.encode([ref, self._model.id])


def _personal(ref: str) -> str:
    return f"face/{ref}"
