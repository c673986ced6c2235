"""Push to iPhones through Apple Push Notification service: HTTP/2, a provider token (ES256) of at most an hour.

Published: headers, payload, statuses and reasons. APNs has no receipts; `apns-collapse-id` lets a twin take the first one's place on the screen.
"""

import time
import uuid

from kit import clock
from kit.calling import Caller
from notifications.channels import TryLater, Undeliverable
from notifications.messages import ChannelKind, Letter

URL = "https://api.push.apple.com"

# Apple refuses tokens older than an hour, and who makes them more often than every twenty minutes.
_TOKEN_SECONDS = 40 * 60
_KEPT_BY_APPLE_SECONDS = 24 * 3600
_NEVER = frozenset(
    {
        "BadDeviceToken",
        "DeviceTokenNotForTopic",
        "Unregistered",
        "ExpiredToken",
        "PayloadTooLarge",
        "MissingDeviceToken",
    }
)


class ApnsChannel:
    """`to` is a device token, hexadecimal; `topic` the app's bundle id. The caller must speak HTTP/2."""

    name = "apns"
    kind: ChannelKind = "apns"
    development_only = False
    at_once = 50
    receipts = False

    def __init__(
        self, caller: Caller, *, team_id: str, key_id: str, private_key: str, topic: str, url: str = URL
    ) -> None:
        self._caller, self._url, self._topic = caller, url, topic
        self._team_id, self._key_id, self._private_key = team_id, key_id, private_key
        self._token, self._made_at = "", float("-inf")

    async def send(self, letter: Letter) -> str | None:
        apns_id = str(uuid.uuid5(uuid.NAMESPACE_URL, letter.id))
        reply = await self._caller.post_json(
            f"{self._url}/3/device/{letter.to}",
            {
                "aps": {"alert": {"title": letter.subject, "body": letter.text}, "sound": "default"},
                "event": letter.event,
                "link": letter.fields.get("link", ""),
            },
            {
                "authorization": f"bearer {self._provider_token()}",
                "apns-topic": self._topic,
                "apns-push-type": "alert",
                "apns-priority": "10" if letter.urgent else "5",
                "apns-expiration": str(int(clock.now().timestamp()) + _KEPT_BY_APPLE_SECONDS),
                "apns-id": apns_id,
                "apns-collapse-id": letter.message_id,
            },
        )
        if reply.status == 200:
            return reply.headers.get("apns-id", apns_id)
        told = reply.json()
        reason = str(told.get("reason", "")) if isinstance(told, dict) else ""
        if reason in _NEVER or reply.status == 410:
            raise Undeliverable(f"APNs {reason}")
        if reason == "ExpiredProviderToken":
            self._made_at = float("-inf")
        raise TryLater(f"APNs {reply.status} {reason}"[:60], reply.retry_after_seconds)

    def _provider_token(self) -> str:
        if time.monotonic() - self._made_at > _TOKEN_SECONDS:
            import jwt

            claims = {"iss": self._team_id, "iat": int(time.time())}
            self._token = jwt.encode(claims, self._private_key, algorithm="ES256", headers={"kid": self._key_id})
            self._made_at = time.monotonic()
        return self._token
