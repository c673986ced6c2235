"""What the issuer signs: access tokens, ID tokens, logout tokens, and the names people have in them."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from identity.tokens import oidc, rfc7518, rfc7638, rfc8414, rfc9068
from identity.tokens.messages import Acting, Alg, Client, Confirmation
from identity.tokens.refusals import NoSuchKey
from identity.tokens.verifier import Verifier
from kit import clock, ids
from kit.actor import Kind
from kit.keys import Keys, signing_kid
from kit.settings import BadSetting, Settings
from kit.valkey import Valkey

if TYPE_CHECKING:
    from identity.tokens.rfc7518 import PrivateKey


class Signer(Verifier):
    """Holds the private keys as well; no state of its own."""

    def __init__(self, settings: Settings, keys: Keys, valkey: Valkey) -> None:
        signing = keys.signing_keys()
        super().__init__(settings.public_url, {kid: key.public_key() for kid, key in signing.items()}, valkey)
        self.keys = keys
        self._signing = dict(signing)
        self._kids: dict[Alg, list[str]] = {}
        for kid, key in signing.items():
            self._kids.setdefault(rfc7518.alg_of(key), []).append(kid)
        self.alg: Alg = settings.signing_algorithm
        if self.alg not in self._kids:
            raise BadSetting(
                f"signing_algorithm is {self.alg} and there is no such key: `motcua keys rotate --start {self.alg}`."
            )
        self._subjects = hmac.digest(keys.key("pins"), b"pairwise subjects", hashlib.sha256)
        self.jwks = rfc7638.jwks(signing)
        self.metadata = rfc8414.metadata(self.url, sorted(self._kids, key=lambda alg: alg != self.alg))

    def signing(self, at: datetime, alg: Alg | None = None) -> "tuple[str, PrivateKey]":
        """The kid and key that sign at that moment: a new key is published for a while before. Refuses NoSuchKey, and never signs by
        another algorithm instead."""
        kids = self._kids.get(alg or self.alg)
        if kids is None:
            raise NoSuchKey
        kid = signing_kid(kids, at)
        return kid, self._signing[kid]

    def access_token(
        self,
        *,
        gid: str,
        kind: Kind,
        client_id: str,
        subject: str,
        scope: str,
        jkt: str | None,
        now: datetime,
        level: int = 0,
        amr: tuple[str, ...] = (),
        auth_time: datetime | None = None,
        office: str | None = None,
        roles: tuple[str, ...] = (),
        session: str | None = None,
        audience: tuple[str, ...] = (),
        act: Acting | None = None,
        lifetime: timedelta = rfc9068.LIFETIME,
    ) -> str:
        issued_at = int(now.timestamp())
        stated = rfc9068.AccessClaims(
            iss=self.url,
            aud=self.url if not audience else audience[0] if len(audience) == 1 else audience,
            exp=issued_at + int(lifetime.total_seconds()),
            iat=issued_at,
            jti=ids.new_id("jti"),
            client_id=client_id,
            sub=subject,
            gid=gid,
            kind=kind,
            scope=scope,
            acr=rfc9068.acr_of(level),
            amr=amr,
            auth_time=None if auth_time is None else int(auth_time.timestamp()),
            cnf=None if jkt is None else Confirmation(jkt=jkt),
            office=office,
            roles=roles,
            session=session,
            act=act,
        )
        return rfc9068.sign(stated, *self.signing(now))

    def subject(self, client: Client, account_id: str) -> str:
        """What this client knows the person by, in ID tokens and user info."""
        return oidc.pairwise_subject(self._subjects, client.sector, account_id)

    def subject_at(self, sector: str, account_id: str) -> str:
        """What a service of others knows the person by, whichever app a token came from."""
        return oidc.pairwise_subject(self._subjects, sector, account_id)

    def session_name(self, client: Client, session_id: str) -> str:
        """`sid`: of one browser's session each client knows another name, or by it they would know they share a person."""
        return oidc.pairwise_subject(self._subjects, f"session {client.id}", session_id)

    def logout_token(self, client: Client, *, subject: str, sid: str, lifetime: timedelta) -> str:
        """What tells an app that a session of its has ended."""
        return oidc.logout_token(
            *self.signing(clock.now(), client.id_token_alg),
            issuer=self.url,
            client_id=client.id,
            subject=subject,
            sid=sid,
            jti=ids.new_id("jti"),
            at=clock.now(),
            lifetime=lifetime,
        )
