"""SQL of clients, browsers, requests, codes and grants, one file a table or what is done to several at once."""

from identity.tokens.store.browsers import (
    add_browser_session,
    browser_session,
    clients_of_session,
    end_browser_session,
    renew_browser_session,
)
from identity.tokens.store.clients import (
    add_client,
    client,
    set_client_disabled,
    set_client_secret,
)
from identity.tokens.store.codes import (
    add_code,
    use_code,
    used_code_grant,
)
from identity.tokens.store.devices import (
    add_device_code,
    decide_device,
    device_code,
    end_device_codes,
    end_people_at,
    keep_poll,
    waiting_device,
)
from identity.tokens.store.ending import (
    end_grants_by,
    end_session_and_grants,
    forget_before,
    revoke_account,
    revoke_account_of_client,
)
from identity.tokens.store.grants import (
    add_grant,
    add_refresh_token,
    end_grant_of,
    grant,
    keep_answer,
    refresh_token,
    revoke_grant,
    sessions,
    use_refresh_token,
)
from identity.tokens.store.people import (
    bearer_of,
)
from identity.tokens.store.requests import (
    add_request,
    begin_request,
    complete_request,
    hand_over_requests,
    keep_sign_in,
    request,
)
from identity.tokens.store.services import add_service, services, set_service_disabled

__all__ = [
    "add_browser_session",
    "add_client",
    "add_code",
    "add_device_code",
    "add_grant",
    "add_refresh_token",
    "add_request",
    "add_service",
    "bearer_of",
    "begin_request",
    "browser_session",
    "client",
    "clients_of_session",
    "complete_request",
    "decide_device",
    "device_code",
    "end_browser_session",
    "end_device_codes",
    "end_grant_of",
    "end_grants_by",
    "end_people_at",
    "end_session_and_grants",
    "forget_before",
    "grant",
    "hand_over_requests",
    "keep_answer",
    "keep_poll",
    "keep_sign_in",
    "refresh_token",
    "renew_browser_session",
    "request",
    "revoke_account",
    "revoke_account_of_client",
    "revoke_grant",
    "services",
    "sessions",
    "set_client_disabled",
    "set_client_secret",
    "set_service_disabled",
    "use_code",
    "use_refresh_token",
    "used_code_grant",
    "waiting_device",
]
