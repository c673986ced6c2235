"""What the verbs of this room stand on: one thing, made by the house and handed to each of them first."""

from dataclasses import dataclass

from dossiers.intake import Intake
from dossiers.lookups import Lookups
from identity.mandates import Mandates
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from notifications import PostOffice
from procedures import Catalogue
from wires.population import PinIssuer, PopulationRegister


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What the verbs stand on."""

    db: Database
    keys: Keys
    catalogue: Catalogue
    settings: Settings
    post_office: PostOffice
    mandates: Mandates
    lookups: Lookups
    intake: Intake
    pins: PinIssuer | None
    """Who gives a newborn its number; without one, births can be read, not registered."""
    population: PopulationRegister | None
    """Whom a counter asks about a card that an officer looked at; None where none is connected."""
