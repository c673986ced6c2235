"""Issuing: a result's paper, and what an office writes, is signed once with the office's seal, and those bytes are served ever after."""

from dossiers.issuing.letters import Letter, apology, cash_receipt, supplement_request
from dossiers.issuing.sealing import specimens
from dossiers.issuing.service import TASK, is_signed, paper, tell_signer

__all__ = [
    "TASK",
    "Letter",
    "apology",
    "cash_receipt",
    "is_signed",
    "paper",
    "specimens",
    "supplement_request",
    "tell_signer",
]
