"""A new secret turn for every stored vector, from its sealed template; nobody takes another selfie, nobody is missed meanwhile.

Faces are turned a batch a transaction, and a search looks under both turns in one snapshot: whoever was moved is found under
the new, whoever was not under the old. Cut off, the next run goes on where this one stopped, for what is left is what stands under the
old turn.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from identity.faces import store
from identity.faces.calibration import vector
from identity.faces.models import Model
from identity.faces.rotation import Rotation
from identity.faces.rotations import Rotations
from identity.faces.sealing import Templates
from kit import crypto
from kit.db import Database

# Whoever enrols or withdraws among these waits for the batch: a tenth of a second, with long vectors a second or two.
_BATCH: Final = 100


class Renewed(NamedTuple):
    """How many faces this run turned, and how many do not open and stay: while there are any, so does the old turn."""

    turned: int
    left: int


async def renew(
    db: Database, rotations: Rotations, templates: Templates, model: Model, *, told: Callable[[int], None]
) -> Renewed:
    """Begins a renewal, or ends the one that is under way; `told` hears after each batch how many are turned."""
    async with db.begin() as conn:
        await store.take_changes(conn, 1)
        old, new = await rotations.begin_renewal(conn)
    names, turned, after = [rotation.name for rotation in old], 0, ""
    while True:
        async with db.begin() as conn:
            rows = await store.faces_under(conn, rotations=names, after=after, limit=_BATCH)
            faces = [(row.ref, face) for row in rows if (face := _turned(row, new, templates, model)) is not None]
            await store.turn_faces(conn, rotation=new.name, faces=faces)
        if not rows:
            break
        after, turned = rows[-1].ref, turned + len(faces)
        told(turned)
    async with db.begin() as conn:
        # Nobody enrols while this is held, and since the renewal began nobody has under the old turn.
        await store.take_changes(conn, 1)
        left = await rotations.end(conn, names)
    return Renewed(turned, left)


def _turned(row: store.Near, new: Rotation, templates: Templates, model: Model) -> list[float] | None:
    """None when it does not open: it counts for nobody, before and after."""
    try:
        template = templates.open(row.ref, row.wrapped, row.template)
    except crypto.Tampered:
        return None
    return new.turn(vector(template.vectors[model.searched.name]))
