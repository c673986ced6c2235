"""Who read whose data, and why: each verb that shows a person to somebody else says so here, in the transaction it reads in."""

from identity.consents.reads.messages import OfDossier, ReadKind
from identity.consents.reads.service import record, record_app, record_many

__all__ = ["OfDossier", "ReadKind", "record", "record_app", "record_many"]
