"""Numbers of the sandbox: well formed, the same for the same request, not guessable without the key."""

from datetime import date

import pytest

from kit import pin
from kit.pin import Sex
from wires.population import PinIssuer, RegisterAnswer, Registered, SandboxPins, SandboxRegister, century_and_sex

pytestmark = pytest.mark.anyio

KEY = bytes(range(32))


async def issued(pins: PinIssuer, request_id: str, *, sex: Sex = "female", born: date = date(2026, 11, 1)) -> str:
    return await pins.issue(province_code="079", sex=sex, birth_date=born, request_id=request_id)


@pytest.mark.parametrize("sex", ["male", "female"])
@pytest.mark.parametrize("year", [1999, 2000, 2026, 2100])
async def test_a_number_says_province_sex_and_year(sex: Sex, year: int) -> None:
    number = await issued(SandboxPins(KEY), "bra_1", sex=sex, born=date(year, 1, 1))
    assert pin.faults(number, sex=sex, birth_year=year) == []
    assert number.startswith("079")


async def test_one_request_has_one_number_after_a_restart_too() -> None:
    assert await issued(SandboxPins(KEY), "bra_1") == await issued(SandboxPins(KEY), "bra_1")


async def test_another_request_or_key_has_another_number() -> None:
    numbers = {await issued(SandboxPins(KEY), f"bra_1#{attempt}") for attempt in range(20)}
    numbers.add(await issued(SandboxPins(KEY[::-1]), "bra_1#0"))
    assert len(numbers) == 21


async def test_an_unknown_province_or_century_is_refused() -> None:
    with pytest.raises(ValueError, match="003"):
        await SandboxPins(KEY).issue(province_code="003", sex="male", birth_date=date(2026, 1, 1), request_id="x")
    with pytest.raises(ValueError, match="1899"):
        century_and_sex(1899, "male")


def test_it_says_that_it_is_for_development() -> None:
    assert SandboxPins.development_only is True


BINH = Registered("079189000001", "Trần Thị Hư Cấu", date(1989, 1, 15), {"residence": "Số 1 đường Hư Cấu"})


@pytest.mark.parametrize(
    ("pin", "name", "born", "answer"),
    [
        (BINH.pin, "TRẦN  THỊ HƯ CẤU", BINH.date_of_birth, RegisterAnswer("yes", "sandbox", BINH.locked)),
        (BINH.pin, "Tran Thi Hu Cau", BINH.date_of_birth, RegisterAnswer("no", "sandbox")),
        (BINH.pin, BINH.full_name, date(1989, 1, 16), RegisterAnswer("no", "sandbox")),
        ("079189000002", BINH.full_name, BINH.date_of_birth, RegisterAnswer("unknown", "sandbox")),
    ],
)
async def test_the_sandbox_register_knows_whom_it_was_given(
    pin: str, name: str, born: date, answer: RegisterAnswer
) -> None:
    assert await SandboxRegister([BINH]).confirm(pin=pin, full_name=name, date_of_birth=born) == answer


def test_the_sandbox_register_is_for_development() -> None:
    assert SandboxRegister.development_only is True
