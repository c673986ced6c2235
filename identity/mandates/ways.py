"""What the verbs of this room stand on."""

import msgspec

from identity.mandates.civil import CivilRegister
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.settings import Settings
from notifications import PostOffice
from wires.business import BusinessRegister


class Mandates(msgspec.Struct, frozen=True):
    """`business` is None where no business register is connected: an officer then sees the papers."""

    db: Database
    keys: Keys
    settings: Settings
    post_office: PostOffice
    limits: Limits
    civil: CivilRegister
    business: BusinessRegister | None
