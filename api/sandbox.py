"""The sandbox: fictional people, offices, officers, clients and a small register, made through the rooms' own verbs."""

import os
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

import register
from api.wiring import House, open_house
from identity import accounts, mandates, offices, tokens
from identity.tokens.refusals import ClientExists
from kit import clock
from kit.actor import Actor
from kit.settings import Settings
from web.sandbox import Citizen, City, people


class Furnished(msgspec.Struct, frozen=True):
    """The city and the secrets of its confidential clients."""

    city: City
    secrets: dict[str, str]
    url: str = ""


def settings(host: str, port: int) -> dict[str, Any]:
    """What makes a process the sandbox, whatever else the environment says."""
    return {
        "sandbox": True,
        "public_url": f"http://{host}:{port}",
        "work_in_process": True,
        "pin_issuer": "sandbox",
        "result_seals": "sandbox",
        "population_register": "sandbox",
        "business_register": "sandbox",
        "sms_channel": "sandbox",
        "email_channel": "sandbox",
        # Whoever tries it at night waits for no morning.
        "quiet_hours": "00:00-00:00",
        "virus_scanner": "sandbox",
        # Whoever tries the sandbox has no officer's key; codes appear in the open inbox.
        "officer_passkeys": "optional",
        # Models load on the same two cores of a laptop as everything else: a slow answer there is no outage.
        "valkey_timeout_seconds": 2.0,
    }


async def furnish(settings: Settings) -> Furnished:
    """Fills an empty database with the city; of one that has it only the clients are brought up to date. Refused outside development."""
    assert settings.environment == "development"
    city, kept = people(), settings.home / "sandbox-secrets.json"
    async with open_house(settings) as house:
        async with house.db.begin() as conn:
            new = not await offices.all_offices(conn)
            if new:
                await _furnish(conn, house, city)
            secrets = msgspec.json.decode(kept.read_bytes(), type=dict[str, str]) if kept.exists() else {}
            secrets |= await _bring_clients_up_to_date(conn, city)
        if new:
            await _let_act(house, city)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(msgspec.json.encode(secrets))
    return Furnished(city, secrets, settings.public_url)


async def _furnish(conn: AsyncConnection, house: House, city: City) -> None:
    for office in city.offices:
        await offices.create_office(
            conn,
            office_id=office.id,
            agency=office.agency,
            ward_code=city.ward.code,
            name_vi=office.name_vi,
            name_en=office.name_en,
            address=office.address,
        )
    for officer in city.officers:
        contact = accounts.contact.parse(officer.email)
        assert contact is not None
        account = await accounts.open_officer(conn, house.keys, full_name=officer.full_name, contact=contact)
        await offices.appoint(conn, account_id=account.id, office_id=officer.office, roles=officer.roles)
    for citizen in city.citizens:
        await _open_account(conn, house, citizen)
    names = {office.id: office.name_vi for office in city.offices}
    for marriage in city.marriages:
        await register.enter_marriage(
            conn,
            office=register.Office(id=marriage.office, name=names[marriage.office]),
            signer=register.Signer(full_name=marriage.signer, title="Chủ tịch", clerk=marriage.clerk),
            registered_on=marriage.registered_on,
            number=marriage.number,
            page=marriage.page,
            facts=register.MarriageFacts(husband=marriage.husband, wife=marriage.wife),
        )
    for birth in city.births:
        await register.enter_birth(
            conn,
            office=register.Office(id=birth.office, name=names[birth.office]),
            signer=register.Signer(full_name=birth.signer, title="Chủ tịch", clerk=birth.clerk),
            registered_on=birth.registered_on,
            number=birth.number,
            page=birth.page,
            pin=birth.pin,
            facts=birth.facts,
        )


async def _bring_clients_up_to_date(conn: AsyncConnection, city: City) -> dict[str, str]:
    """A home that is older than a client, or than what one is allowed, gets it; secrets of those that are there stay."""
    secrets: dict[str, str] = {}
    for client in city.clients:
        registration: dict[str, Any] = {
            "client_id": client.id,
            "name": client.name,
            "kind": client.kind,
            "grants": client.grants,
            "scopes": client.scopes,
            "first_party": client.first_party,
            "office_id": client.office,
            "redirect_uris": client.redirect_uris,
            "purpose": client.purpose,
            "dpop_required": None if client.dpop else False,
            "sandbox": not client.first_party,
        }
        try:
            secret = await tokens.register_client(conn, **registration)
        except ClientExists:
            await tokens.change_client(conn, **registration)
        else:
            if secret is not None:
                secrets[client.id] = secret
    return secrets


async def _open_account(conn: AsyncConnection, house: House, citizen: Citizen) -> None:
    now = clock.now()
    said = {
        "pin": citizen.pin,
        "full_name": citizen.full_name,
        "date_of_birth": citizen.date_of_birth,
        "sex": citizen.sex,
        "nationality": citizen.nationality,
        "ethnicity": citizen.ethnicity,
        "residence": citizen.residence,
    }
    contact = accounts.contact.parse(citizen.phone)
    assert contact is not None
    await accounts.open_or_find(
        conn,
        house.keys,
        claims=[accounts.ProvedClaim(claim=c, value=v, sources=("sandbox",), proved_at=now) for c, v in said.items()],
        contact=contact,
        level=citizen.level,
        evidence={"sandbox": True},
        at=now,
    )


async def _let_act(house: House, city: City) -> None:
    """Representatives, delegates and parents, each by their own verb."""
    citizens = {citizen.key: citizen for citizen in city.citizens}

    async def actor(key: str) -> Actor:
        async with house.db.connect() as conn:
            account = await accounts.by_pin(conn, house.keys, citizens[key].pin)
        assert account is not None
        return Actor(kind="citizen", account_id=account.id, level=account.level, auth_at=clock.now())

    ways = house.mandates
    for enterprise in city.enterprises:
        for key in enterprise.representatives:
            representative = await actor(key)
            asked = mandates.ClaimRequest(number=enterprise.number, legal_name=enterprise.legal_name)
            claimed = await mandates.claim(ways, representative, asked)
            assert claimed.mandate is not None
            for one in enterprise.delegates:
                delegate = citizens[one.key]
                wanted = mandates.DelegateRequest(pin=delegate.pin, full_name=delegate.full_name, acts=one.acts)
                await mandates.grant(ways, representative, claimed.mandate.principal.id, wanted)
    for birth in city.births:
        await mandates.take_up(ways, await actor(birth.acts_for), mandates.WardRequest(pin=birth.pin))


def tell(furnished: Furnished, out: Console) -> None:
    """One table of who can sign in, and with what; one-time codes appear in the open inbox."""
    table = Table("who", "sign in with", "what", box=None, header_style="bold", title="Sandbox · mọi người đều hư cấu")
    for citizen in furnished.city.citizens:
        table.add_row(citizen.full_name, citizen.phone, f"citizen, level {citizen.level}, PIN {citizen.pin}")
    names = {citizen.key: citizen.full_name for citizen in furnished.city.citizens}
    for enterprise in furnished.city.enterprises:
        represented = ", ".join(names[key] for key in enterprise.representatives)
        delegated = ", ".join(names[one.key] for one in enterprise.delegates)
        what = f"enterprise {enterprise.number}, delegate {delegated}"
        table.add_row(enterprise.legal_name, f"as {represented}", what)
    for birth in furnished.city.births:
        what = f"child, PIN {birth.pin}, acted for by {names[birth.acts_for]}"
        table.add_row(birth.facts.child.full_name, "not at all", what)
    for officer in furnished.city.officers:
        table.add_row(officer.full_name, officer.email, f"officer: {', '.join(officer.roles)} at {officer.office}")
    for client in furnished.city.clients:
        secret = furnished.secrets.get(client.id)
        table.add_row(client.name, f"client_id {client.id}", "secret below" if secret else "public client, DPoP")
    out.print(table)
    for client_id, secret in furnished.secrets.items():
        # Whole and on a line of its own: a table would cut it, and a cut secret signs nobody in.
        out.print(f"  {client_id}  {secret}", highlight=False, soft_wrap=True)
    for path, what in (
        ("/", "start here"),
        ("/sandbox", "who is who"),
        ("/sandbox/inbox", "every message"),
        ("/kiosk", "a kiosk, to be tried"),
        ("/docs", "the API"),
    ):
        out.print(f"  {furnished.url}{path:<16} {what}", highlight=False)
