"""Passkeys at the city's own pages: signing in by one, which like every other way ends in `authorizing.sign_in`, and a new one by a form."""

from typing import Any

import msgspec

from identity.accounts.passkeys import service
from identity.accounts.passkeys.messages import CeremonyReply, RegistrationAnswer
from identity.accounts.passkeys.refusals import CeremonyOver, PasskeyNotAccepted
from identity.accounts.passkeys.service import Ways
from identity.accounts.refusals import BadName
from identity.tokens import authorizing
from identity.tokens.authorizing import Step
from identity.tokens.browser import Authenticated


async def ask(ways: Ways, handle: str, *, cookie: str | None, token: str, address: str) -> CeremonyReply:
    """Names nobody: the person picks a passkey. Refuses StrangeForm, SignInPageOver, TooMany."""
    await ways.limits.hit("sign-in-address", address)
    async with ways.db.begin() as conn:
        pending = await authorizing.pending_of_form(conn, handle, cookie=cookie, token=token)
        return await service.put(conn, ways, pending.client.id)


async def answer(
    ways: Ways, handle: str, challenge_id: str, credential: str, *, cookie: str | None, token: str, address: str
) -> tuple[Step, str]:
    """What comes after a passkey that holds, and the browser's new cookie. `credential` is AuthenticationResponseJSON as text.

    Refuses StrangeForm, SignInPageOver, CeremonyOver, PasskeyNotAccepted, TooMany.
    """
    await ways.limits.hit("token", address)
    async with ways.db.connect() as conn:
        pending = await authorizing.pending_of_form(conn, handle, cookie=cookie, token=token)
    assert cookie is not None
    taken = await service.take(ways.db, challenge_id, "sign_in")
    if taken.code_challenge is not None or taken.client_id != pending.client.id:
        raise CeremonyOver
    async with ways.db.begin() as conn:
        passkey = await service.signed_in(conn, ways, taken, _read(credential), address)
        if passkey is not None:
            who = Authenticated(
                account_id=passkey.account_id,
                amr=service.amr(synced=passkey.synced),
                authenticator_id=passkey.id,
            )
            return await authorizing.sign_in(conn, ways.issuer, pending, cookie=cookie, who=who)
    raise PasskeyNotAccepted


def registration(credential: str, name: str) -> RegistrationAnswer:
    """What a page's form sends of a new passkey. Refuses PasskeyNotAccepted, BadName for a name of other than one plain line."""
    made = _read(credential)
    try:
        return msgspec.convert({"credential": made, "name": name.strip()}, RegistrationAnswer)
    except msgspec.ValidationError as error:
        raise BadName from error


def _read(text: str) -> dict[str, Any]:
    """Refuses PasskeyNotAccepted for what is no JSON object; what stands in it `ceremonies` judges."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PasskeyNotAccepted from error
