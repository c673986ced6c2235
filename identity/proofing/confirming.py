"""The population register's word on the card: asked last, recorded with its source, never enough by itself."""

from typing import Any

from identity.proofing import alarms, store
from identity.proofing import policy as rules
from identity.proofing.refusals import RegisterDisagrees
from identity.proofing.register import Confirmation, ask
from identity.proofing.sessions import Desk, ongoing, reading_of, refuse_unless


async def ask_register(desk: Desk, session_id: str) -> Confirmation | None:
    """None when policy does not ask, or its no was left to an officer. No transaction is open meanwhile: another system's silence must hold nothing up here.

    Refuses WrongState, and RegisterDisagrees after an answer that policy leaves to a person: officers are alarmed.
    """
    rule = rules.current().register
    if not rule.ask:
        return None
    async with desk.db.connect() as conn:
        session = await ongoing(conn, session_id)
    if session.account_at is not None or "register-disagrees" in (session.review_reasons or ()):
        return None
    refuse_unless(session, "account")
    found = await _confirmation(desk, session)
    async with desk.db.begin() as conn:
        await store.add_event(conn, session_id, "register-asked", found.evidence())
        refused = found.answer in rule.to_a_person
        if refused:
            await alarms.sound(desk, conn, session, "register_disagrees")
    if refused:
        raise RegisterDisagrees
    return found


async def _confirmation(desk: Desk, session: Any) -> Confirmation:
    reading = reading_of(desk, session)
    number, name, born = reading.confirmed("number"), reading.confirmed("full_name"), reading.day("date_of_birth")
    # The card has passed: policy asks two witnesses for each of these.
    assert number is not None
    assert name is not None
    assert born is not None
    return await ask(desk.population, pin=number, full_name=name, date_of_birth=born)
