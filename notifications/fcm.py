"""Push to Android through Firebase Cloud Messaging, HTTP v1 (`projects.messages.send`), signed in as a service account (RFC 7523).

Published: the message, the `FcmError` codes and what each asks of the sender. FCM has no receipts and drops no twins: the notification's
`tag` lets a twin take the first one's place on the screen.
"""

import time

import msgspec

from kit.calling import Caller, Reply
from notifications.channels import TryLater, Undeliverable
from notifications.messages import ChannelKind, Letter

URL = "https://fcm.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_KEPT_BY_GOOGLE = "86400s"


class ServiceAccount(msgspec.Struct, frozen=True):
    """The file Google gives out for a service account, as far as it is needed."""

    project_id: str
    client_email: str
    private_key_id: str
    private_key: str
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105


class FcmChannel:
    """`to` is a registration token."""

    name = "fcm"
    kind: ChannelKind = "fcm"
    development_only = False
    at_once = 50
    receipts = False

    def __init__(self, caller: Caller, account: ServiceAccount, *, url: str = URL) -> None:
        self._caller, self._account = caller, account
        self._url = f"{url}/v1/projects/{account.project_id}/messages:send"
        self._token, self._token_until = "", 0.0

    async def send(self, letter: Letter) -> str | None:
        reply = await self._offer(letter)
        if reply.status == 401:
            self._token_until = 0.0
            reply = await self._offer(letter)
        if reply.status == 200:
            told = reply.json()
            return str(told.get("name") or "") or None if isinstance(told, dict) else None
        code = _error_code(reply)
        if code in ("UNREGISTERED", "SENDER_ID_MISMATCH") or (code == "INVALID_ARGUMENT" and reply.status == 400):
            raise Undeliverable(f"FCM {code}")
        raise TryLater(f"FCM {reply.status} {code}"[:60], reply.retry_after_seconds)

    async def _offer(self, letter: Letter) -> Reply:
        priority = "HIGH" if letter.urgent else "NORMAL"
        message = {
            "token": letter.to,
            "notification": {"title": letter.subject, "body": letter.text},
            "data": {"event": letter.event, "message_id": letter.message_id, "link": letter.fields.get("link", "")},
            "android": {"priority": priority, "ttl": _KEPT_BY_GOOGLE, "notification": {"tag": letter.message_id}},
        }
        return await self._caller.post_json(
            self._url, {"message": message}, {"authorization": f"Bearer {await self._signed_in()}"}
        )

    async def _signed_in(self) -> str:
        """An access token of the service account, asked for again five minutes before it ends."""
        if time.monotonic() < self._token_until:
            return self._token
        import jwt

        now = int(time.time())
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": now,
            "exp": now + 3600,
        }
        assertion = jwt.encode(
            claims, self._account.private_key, algorithm="RS256", headers={"kid": self._account.private_key_id}
        )
        reply = await self._caller.post(
            self._account.token_uri,
            content=f"grant_type={_GRANT.replace(':', '%3A')}&assertion={assertion}".encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        told = reply.json()
        if reply.status != 200 or not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
            raise TryLater(f"Google gave no access token ({reply.status})")
        self._token = str(told["access_token"])
        self._token_until = time.monotonic() + max(0, int(told.get("expires_in", 0)) - 300)
        return self._token


def _error_code(reply: Reply) -> str:
    """The FcmError's code where there is one, else the status of the error."""
    told = reply.json()
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        return ""
    for detail in error.get("details") or []:
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("FcmError"):
            return str(detail.get("errorCode", ""))
    return str(error.get("status", ""))
