"""Names, numbers, ids, secrets, settings, logs: the pure part of the kit."""

import json
import logging
import os
import pickle
import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import crypto, ids, keys, limits, logs, names, pin
from kit import settings as kit_settings
from kit.actor import ANYONE, NOBODY, Actor, citizen, either, officer
from kit.refusal import Invalid, Refusal, fault
from kit.settings import BadSetting, Settings


class Sample(Refusal):
    status = 409
    code = "sample"
    vi = "Mã {what} đã dùng."
    en = "The code {what} was used."


def test_a_refusal_survives_the_way_out_of_a_worker() -> None:
    sent = Sample(what="A", faults=[fault("x", "bad", "sai", "wrong")], retry_after_seconds=3, headers={"A": "b"})
    back = pickle.loads(pickle.dumps(sent))
    assert (back.message, back.faults, back.retry_after_seconds, back.headers) == (
        sent.message,
        sent.faults,
        3,
        {"A": "b"},
    )
    both = pickle.loads(pickle.dumps(Invalid(faults=[fault("x", "bad", "sai", "wrong")])))
    assert both.message.en.startswith("1 thing")


def test_too_many_says_how_long_in_words_and_header() -> None:
    refused = pickle.loads(pickle.dumps(limits.TooMany(retry_after_seconds=7)))
    assert "7" in refused.message.vi
    assert refused.retry_after_seconds == 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà", "Hòa"),
        ("Đặng Thuý", "dang thúy"),
        (unicodedata.normalize("NFD", "Nguyễn Thị Ánh"), "NGUYỄN THỊ ÁNH"),
        ("K'Brơi", "k'broi"),
    ],
)
def test_spellings_that_are_one_name(one: str, other: str) -> None:
    assert names.same_name(one, other)


def test_names_that_differ_stay_apart_as_written() -> None:
    assert names.nfc("  Hoà   An ") == "Hoà An"
    assert names.nfc("Hoà") != names.nfc("Hòa")
    assert names.mrz_form("Đặng K'Hoa") == "DANG<K<HOA"
    assert names.mask("Nguyễn Thị Hòa") == "N***** T** H**"


@given(st.text())
def test_folding_is_stable_and_never_fails(text: str) -> None:
    assert names.fold(names.fold(text)) == names.fold(text)


def test_the_number_states_sex_and_year() -> None:
    said = pin.parse("079303000001")
    assert said == pin.Pin(number="079303000001", province_code="079", sex="female", birth_year=2003)
    assert pin.parse("079099000001") == pin.Pin("079099000001", "079", "male", 1999)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "07930300000",
        "0793030000011",
        "０７９３０３０００００１",
        "٠٧٩٣٠٣٠٠٠٠٠١",
        "003090000001",
        "07930300000O",
        " 79303000001",
    ],
)
def test_no_number(number: str) -> None:
    assert pin.parse(number) is None
    assert pin.faults(number)


def test_the_number_against_what_it_should_say() -> None:
    assert [f.code for f in pin.faults("079303000001", sex="male", birth_year=2004)] == ["pin-sex", "pin-year"]
    assert pin.faults("079303000001", sex="female", birth_year=2003) == []
    assert pin.mask("079303000001") == "079*******01"


def test_ids_sort_by_birth_and_never_meet() -> None:
    made = [ids.new_id("dos") for _ in range(2_000)]
    assert len(set(made)) == 2_000
    assert all(len(one) == 30 and one.startswith("dos_") for one in made)
    assert ids.secret_token("rt").startswith("mc_rt_")


def test_a_child_process_draws_ids_of_its_own() -> None:
    ids.new_id("dos")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writes, ids.new_id("dos")[-16:].encode())
        os._exit(0)
    os.waitpid(child, 0)
    drawn = os.read(reads, 16).decode()
    os.close(reads)
    os.close(writes)
    assert len(drawn) == 16
    assert drawn not in {ids.new_id("dos")[-16:] for _ in range(64)}


def test_sealed_bytes_open_only_for_their_owner_and_key() -> None:
    key = crypto.new_key()
    sealed = crypto.seal(key, b"plain", b"acc_1")
    assert crypto.unseal(key, sealed, b"acc_1") == b"plain"
    assert crypto.seal(key, b"plain", b"acc_1") != sealed
    for bad_key, bad, owner in (
        (crypto.new_key(), sealed, b"acc_1"),
        (key, sealed, b"acc_2"),
        (key, sealed[:-1] + b"x", b"acc_1"),
    ):
        with pytest.raises(crypto.Tampered):
            crypto.unseal(bad_key, bad, owner)


def test_keys_are_made_once_private_and_checked(tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys")
    assert {file.stat().st_mode & 0o777 for file in made} == {0o600}
    assert keys.create(tmp_path / "keys") == []
    found = keys.FileKeys(tmp_path / "keys")
    assert len({found.key(name) for name in keys.NAMED}) == len(keys.NAMED)
    (tmp_path / "keys/uploads.key").chmod(0o644)
    with pytest.raises(BadSetting, match="chmod 600"):
        keys.FileKeys(tmp_path / "keys")
    (tmp_path / "keys/uploads.key").chmod(0o600)
    (tmp_path / "keys/uploads.key").write_text("00" * 32)
    with pytest.raises(BadSetting, match="not random"):
        keys.FileKeys(tmp_path / "keys")
    (tmp_path / "keys/uploads.key").unlink()
    with pytest.raises(BadSetting, match="missing"):
        keys.FileKeys(tmp_path / "keys")


def test_settings_say_where_each_value_came_from(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text('city = "Thành phố Hư Cấu"\nlog_level = "WARNING"\n')
    found, sources = kit_settings.load(
        {
            "MOTCUA_SETTINGS": str(file),
            "MOTCUA_LOG_LEVEL": "ERROR",
            "DATABASE_URL": "postgresql://a:b@c/d",
            "MOTCUA_TRUSTED_PROXIES": "10.0.0.0/8,::1/128",
        }
    )
    assert (found.city, found.log_level, found.trusted_proxies) == (
        "Thành phố Hư Cấu",
        "ERROR",
        ("10.0.0.0/8", "::1/128"),
    )
    assert (sources["city"], sources["log_level"], sources["home"]) == (str(file), "MOTCUA_LOG_LEVEL", "default")
    lines = {line.variable: line for line in kit_settings.shown(found, sources)}
    assert "a:b" not in lines["DATABASE_URL"].value
    assert all(line.meaning for line in lines.values())


@pytest.mark.parametrize(
    "environ", [{"MOTCUA_INFERENCE_WORKERS": "0"}, {"MOTCUA_ENVIRONMENT": "prod"}, {"MOTCUA_SETTINGS": "/nowhere.toml"}]
)
def test_a_bad_setting_is_one_sentence(environ: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as told:
        kit_settings.load(environ)
    assert "\n" not in str(told.value)


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text("fsync = false\n")
    with pytest.raises(BadSetting, match="fsync"):
        kit_settings.load({"MOTCUA_SETTINGS": str(file)})


def test_logs_are_one_line_and_tell_no_secret() -> None:
    record = logging.makeLogRecord(
        {
            "msg": "pin 079303000001 token mc_rt_abcdefghijkl\r\nforged",
            "levelname": "INFO",
            "name": "t",
            "path": "/x/079303000001",
        }
    )
    line = logs.JsonLines().format(record)
    assert "\n" not in line
    assert "079303000001" not in line
    assert "abcdefghijkl" not in line
    assert json.loads(line)["path"] == "/x/079*******01"
    assert "hunter2" not in logs.masked("postgresql://motcua:hunter2@host/db")
    assert "eyJ" not in logs.masked("Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln")


def test_who_may_call() -> None:
    parent = Actor(kind="citizen", account_id="a", level=1, scopes=frozenset({"dossiers:read"}))
    assert ANYONE.answer(NOBODY) == "yes"
    assert citizen().answer(NOBODY) == "not_signed_in"
    assert citizen("dossiers:read").answer(parent) == "yes"
    assert citizen("dossiers:write").answer(parent) == "scope"
    assert citizen("dossiers:read", level=2).answer(parent) == "level"
    assert officer().answer(parent) == "wrong_kind"
    newcomer = Actor(kind="officer", account_id="o", office_id="x", roles=frozenset({"insurance"}))
    assert officer("insurance").answer(newcomer) == "scope", "who has no passkey yet was not given the desk"
    clerk = msgspec.structs.replace(newcomer, scopes=frozenset({"desk"}))
    assert officer("civil_status").answer(clerk) == "role"
    assert either(citizen("dossiers:write"), officer()).answer(parent) == "scope"
    assert either(citizen("dossiers:write"), officer()).answer(clerk) == "yes"
    assert either(citizen(), officer()).answer(NOBODY) == "not_signed_in"


def test_default_settings_name_no_secret() -> None:
    plain = Settings()
    assert (plain.database_url, plain.faces_database_url, plain.redis_url, plain.keys, plain.sandbox) == (
        None,
        None,
        None,
        None,
        False,
    )
