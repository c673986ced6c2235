"""What one pays: a table of rules by date, channel and class of person; the first row that holds is the fee."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import msgspec

from kit.refusal import Words
from procedures import rules
from procedures.messages import Channel, FeeRule, PersonClass, Procedure, Source
from procedures.refusals import FeeNotKnown


class Fee(msgspec.Struct, frozen=True, kw_only=True):
    """Đồng to pay, why, and where that is written."""

    amount_dong: int
    reason: Words
    source: Source
    cites: str | None = None


def fee(
    procedure: Procedure,
    on: date,
    channel: Channel,
    person_classes: Collection[PersonClass] = (),
    *,
    values: Mapping[str, Any] | None = None,
    copies: int = 0,
) -> Fee:
    """The fee of one procedure filed on a day; refuses when no published or assumed row speaks of the case."""
    for row in procedure.fees:
        if _speaks(row, on, channel, person_classes, values or {}):
            return Fee(
                amount_dong=row.amount_dong + copies * row.per_copy_dong,
                reason=row.reason,
                source=row.source,
                cites=row.cites,
            )
    raise FeeNotKnown(procedure=procedure.code)


def _speaks(
    row: FeeRule, on: date, channel: Channel, person_classes: Collection[PersonClass], values: Mapping[str, Any]
) -> bool:
    if on < row.since or (row.until is not None and on > row.until):
        return False
    if row.channels is not None and channel not in row.channels:
        return False
    if row.person_classes is not None and not set(row.person_classes) & set(person_classes):
        return False
    return row.when is None or rules.holds(row.when, values, today=on)
