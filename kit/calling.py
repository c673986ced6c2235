"""HTTP to other systems: a short while, a small reply, no redirects, and where a stranger named the address never to one inside."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp = Callable[[str, int], Awaitable[Sequence[Address]]]

_TIMEOUT_SECONDS = 15.0
_REPLY_BYTES = 64_000
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Reply(msgspec.Struct, frozen=True):
    """What the other side answered; `body` at most 64 kB, and not decoded. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON values; {} for what is none: whoever asks looks for a member and misses it."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}

    @property
    def retry_after_seconds(self) -> int | None:
        """When the other side asks to be left alone for a while (RFC 9110 §10.2.3), the form in seconds only."""
        told = self.headers.get("retry-after", "")
        return int(told) if told.isascii() and told.isdigit() and len(told) <= 6 else None


class NoReply(Exception):
    """Nobody answered, not in time, or more than anybody should."""


class NotPublic(Exception):
    """The address is not one of the open Internet, or not one that may be called."""


class Caller:
    """A pool of connections. With `public_only` every name is looked up once a call, its addresses checked, and the connection made to
    the very address that was checked: a name that changes its mind between the two gains nothing (DNS rebinding)."""

    def __init__(
        self,
        *,
        public_only: bool = False,
        http2: bool = False,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        look_up: "LookUp | None" = None,
        verify: Any = True,
    ) -> None:
        self._public_only, self._http2, self._timeout, self._verify = public_only, http2, timeout_seconds, verify
        self._look_up = look_up or find_addresses
        self._client: Any = None

    async def post(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises NoReply, NotPublic."""
        import httpx

        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(url, content, dict(headers))
        except TimeoutError as error:
            raise NoReply("no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NoReply(type(error).__name__) from error

    async def post_json(self, url: str, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """`post` of a JSON value. Raises NoReply, NotPublic."""
        sent = {"content-type": "application/json", **(headers or {})}
        return await self.post(url, content=msgspec.json.encode(value), headers=sent)

    async def check(self, url: str) -> None:
        """Whether the name leads to fit addresses now. Raises NoReply, NotPublic."""
        parts = urlsplit(url)
        async with asyncio.timeout(self._timeout):
            await self._checked(parts.hostname or "", parts.port or 443)

    async def _post(self, url: str, content: bytes, headers: dict[str, str]) -> Reply:
        import httpx

        # Made at the first call and not again: importing the app must not wait for it.
        self._client = self._client or httpx.AsyncClient(
            timeout=self._timeout,
            http1=not self._http2,
            http2=self._http2,
            verify=self._verify,
            trust_env=False,
            follow_redirects=False,
        )
        target, extensions = httpx.URL(url), {}
        if self._public_only:
            address = await self._checked(target.host, target.port or 443)
            headers["host"] = target.netloc.decode("ascii")
            # The certificate is still asked for by name.
            extensions = {"sni_hostname": target.host}
            target = target.copy_with(host=str(address))
        async with self._client.stream(
            "POST", target, content=content, headers={"accept-encoding": "identity", **headers}, extensions=extensions
        ) as answer:
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > _REPLY_BYTES:
                    raise NoReply("the answer is too long")
            return Reply(status=answer.status_code, headers=dict(answer.headers), body=body)

    async def _checked(self, host: str, port: int) -> Address:
        addresses = await self._look_up(host, port)
        # One bad address among good ones is reason enough: which one is tried is not the caller's to choose.
        if not addresses or not all(is_public(address) for address in addresses):
            raise NotPublic("the name leads to an address that is not of the open Internet")
        return addresses[0]

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None


async def find_addresses(host: str, port: int) -> Sequence[Address]:
    """Every address of a name. Raises NoReply when there is none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoReply("the name has no address") from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def is_public(address: Address) -> bool:
    """Of the open Internet, also what is wrapped in it (IPv4-mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


_PORTS = (443, 8443)


def refuse_unfit_address(url: str) -> None:
    """What a stranger may give us to call: https, a name or public address, a port of the web, no user, no fragment. Raises NotPublic."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise NotPublic("this is no address") from error
    if parts.scheme != "https" or not parts.hostname or not url.isascii() or any(letter <= " " for letter in url):
        raise NotPublic("an address begins with https:// and a name")
    if "@" in parts.netloc or parts.fragment or "\\" in url or port not in _PORTS:
        raise NotPublic("an address has no user, no fragment, and the port 443 or 8443")
    try:
        numeric = ipaddress.ip_address(parts.hostname)
    except ValueError:
        # Names of one label, and of numbers only (2130706433, 0x7f.1, 127.1), are never of the open Internet.
        last = parts.hostname.rstrip(".").rpartition(".")
        if not last[0] or not last[2].isalpha() or last[2] in ("local", "internal", "localhost", "localdomain"):
            raise NotPublic("this name is not of the open Internet") from None
        return
    if not is_public(numeric):
        raise NotPublic("this address is not of the open Internet")
