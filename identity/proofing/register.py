"""The population register asked whether number, name and birth date are one person's: the same question for a card that was read and for one
that an officer looked at."""

from datetime import date
from typing import Any, Literal

import msgspec

from identity.accounts import ProvedClaim
from kit import clock
from kit.names import nfc
from wires.population import PopulationRegister, RegisterAnswer, RegisterAway

Answer = Literal["yes", "no", "unknown", "away", "none"]
"""`away`: it did not answer; `none`: none is connected."""


class Confirmation(msgspec.Struct, frozen=True):
    """What the register came to and when; claims only it may change, with it as their source."""

    answer: Answer
    source: str | None
    claims: tuple[ProvedClaim, ...] = ()

    def evidence(self) -> dict[str, Any]:
        """Names of what it locked, not the values."""
        return {"answer": self.answer, "source": self.source, "locked": [one.claim for one in self.claims]}


async def ask(population: PopulationRegister | None, *, pin: str, full_name: str, date_of_birth: date) -> Confirmation:
    """Silence is an answer too, and never a yes. Not within a transaction: another system's silence must hold nothing up here."""
    if population is None:
        return Confirmation("none", None)
    try:
        said: RegisterAnswer = await population.confirm(pin=pin, full_name=nfc(full_name), date_of_birth=date_of_birth)
    except RegisterAway:
        return Confirmation("away", None)
    source, now = f"register:{said.source}", clock.now()
    claims = tuple(ProvedClaim(claim, value, (source,), now) for claim, value in said.locked.items())
    return Confirmation(said.answer, source, claims if said.answer == "yes" else ())
