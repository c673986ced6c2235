"""The issuer of the one token: codes, access tokens, device-key proofs, and who a request's token says is acting."""

from identity.tokens.clients import (
    change_client,
    disable_client,
    enable_client,
    end_old_secret,
    is_origin,
    known_client,
    register_client,
    renew_secret,
    replace_keys,
)
from identity.tokens.issuer import Issuer, check_challenge
from identity.tokens.jobs import TASKS
from identity.tokens.messages import AuthorizationReply, Client, ClientKind, GrantType
from identity.tokens.scopes import SCOPES, words_of
from identity.tokens.services import disable_service, register_service
from identity.tokens.sessions import (
    end_other_sessions,
    end_session,
    end_sessions_by,
    revoke_tokens,
    revoke_tokens_of_client,
    sessions_of,
)

__all__ = [
    "SCOPES",
    "TASKS",
    "AuthorizationReply",
    "Client",
    "ClientKind",
    "GrantType",
    "Issuer",
    "change_client",
    "check_challenge",
    "disable_client",
    "disable_service",
    "enable_client",
    "end_old_secret",
    "end_other_sessions",
    "end_session",
    "end_sessions_by",
    "is_origin",
    "known_client",
    "register_client",
    "register_service",
    "renew_secret",
    "replace_keys",
    "revoke_tokens",
    "revoke_tokens_of_client",
    "sessions_of",
    "words_of",
]
