"""Templates sealed for the disk: each under a key of its own, that key under the deployment's, both tied to person and model."""

from itertools import accumulate, pairwise

import msgspec

from identity.faces.messages import Template
from identity.faces.models import Model
from kit import crypto


class Templates:
    """Those of one model."""

    def __init__(self, wrapping_key: bytes, model: Model) -> None:
        self._wrapping_key, self._model = wrapping_key, model

    def seal(self, ref: str, template: Template) -> tuple[bytes, bytes]:
        """The person's new key, wrapped, and what it seals. Raises ValueError on another model's template."""
        self.refuse_another(template)
        key, owner = crypto.new_key(), self._owner(ref)
        plain = b"".join(template.vectors[eye.name] for eye in self._model.eyes)
        return crypto.seal(self._wrapping_key, key, owner), crypto.seal(key, plain, owner)

    def open(self, ref: str, wrapped: bytes, sealed: bytes) -> Template:
        """Raises crypto.Tampered: of another person, model or deployment."""
        owner = self._owner(ref)
        plain = crypto.unseal(crypto.unseal(self._wrapping_key, wrapped, owner), sealed, owner)
        ends = accumulate((4 * eye.dimension for eye in self._model.eyes), initial=0)
        parts = (plain[start:end] for start, end in pairwise(ends))
        return Template(self._model.id, dict(zip((eye.name for eye in self._model.eyes), parts, strict=True)))

    def refuse_another(self, template: Template) -> None:
        """Raises ValueError unless this gallery's model made it."""
        if template.model != self._model.id:
            raise ValueError(f"a template by {template.model} for a gallery of {self._model.id}")

    def _owner(self, ref: str) -> bytes:
        """What sealed bytes are tied to: moved to another person or read as another model's, they do not open."""
        return msgspec.json.encode([ref, self._model.id])
