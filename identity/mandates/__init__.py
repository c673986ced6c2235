"""Acting for others: enterprises by their representatives and delegates, children and wards by their guardians; each by a recorded mandate."""

from identity.mandates.acting import Acting, acting, followers, representatives, speaks_for, to_file
from identity.mandates.civil import Birth, CivilRegister
from identity.mandates.claiming import claim
from identity.mandates.granting import grant, holder_closes, leave, my_mandates
from identity.mandates.guarding import take_up
from identity.mandates.messages import ClaimRequest, DelegateRequest, MyMandates, PrincipalKind, WardRequest
from identity.mandates.refusals import MandateUnknown
from identity.mandates.ways import Mandates

__all__ = [
    "Acting",
    "Birth",
    "CivilRegister",
    "ClaimRequest",
    "DelegateRequest",
    "MandateUnknown",
    "Mandates",
    "MyMandates",
    "PrincipalKind",
    "WardRequest",
    "acting",
    "claim",
    "followers",
    "grant",
    "holder_closes",
    "leave",
    "my_mandates",
    "representatives",
    "speaks_for",
    "take_up",
    "to_file",
]
