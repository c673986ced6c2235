"""Issuing: a result's paper is signed once with its office's seal, and those bytes are served ever after."""

from dossiers.issuing.service import TASK, apology, is_signed, paper, specimens, tell_signer

__all__ = ["TASK", "apology", "is_signed", "paper", "specimens", "tell_signer"]
