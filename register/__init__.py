"""The civil register (sổ hộ tịch): four books, births registered, marriages found, papers printed."""

from register.messages import (
    BirthEntry,
    BirthFacts,
    BirthNotification,
    Child,
    MarriageEntry,
    MarriageFacts,
    Office,
    Parent,
    PersonsPaper,
    Requester,
    Signer,
    Spouse,
)
from register.papers import birth_certificate
from register.refusals import (
    BirthAlreadyRegistered,
    BookClosed,
    EntryUnknown,
    NotificationUsed,
    NotTheRegistrar,
    PinTaken,
    PlaceTaken,
)
from register.service import (
    birth_of,
    dead_among,
    enter_birth,
    enter_marriage,
    entry,
    kin_of,
    marriage_of,
    register_birth,
)
from register.words import in_words

__all__ = [
    "BirthAlreadyRegistered",
    "BirthEntry",
    "BirthFacts",
    "BirthNotification",
    "BookClosed",
    "Child",
    "EntryUnknown",
    "MarriageEntry",
    "MarriageFacts",
    "NotTheRegistrar",
    "NotificationUsed",
    "Office",
    "Parent",
    "PersonsPaper",
    "PinTaken",
    "PlaceTaken",
    "Requester",
    "Signer",
    "Spouse",
    "birth_certificate",
    "birth_of",
    "dead_among",
    "enter_birth",
    "enter_marriage",
    "entry",
    "in_words",
    "kin_of",
    "marriage_of",
    "register_birth",
]
