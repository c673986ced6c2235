"""Places of Việt Nam: today's communes by code, and a printed address resolved on the old map and today's."""

from kit.places.endings import is_cut_short
from kit.places.maps import CITY_PROVINCE_CODE, Place, ward, ward_codes, wards
from kit.places.resolving import Candidate, Map, Match, Resolved, Via, resolve
from kit.places.respelling import Spellings, spellings

__all__ = [
    "CITY_PROVINCE_CODE",
    "Candidate",
    "Map",
    "Match",
    "Place",
    "Resolved",
    "Spellings",
    "Via",
    "is_cut_short",
    "resolve",
    "spellings",
    "ward",
    "ward_codes",
    "wards",
]
