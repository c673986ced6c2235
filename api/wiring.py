"""Picks real adapters from settings, opens them, closes them; production refuses what is for development only."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import dossiers.jobs
import identity.accounts.jobs
import identity.consents.jobs
import identity.faces.jobs
import identity.mandates.jobs
import identity.offices.jobs
import identity.proofing.jobs
import notifications.jobs
import procedures
import uploads.jobs
import wires.jobs
from api.backlogs import Backlogs
from api.channels import channels
from api.civil import OwnBooks
from dossiers import submitting
from dossiers.intake import Intake
from dossiers.lookups import Lookups
from dossiers.standing import Stand
from dossiers.watching import Feed
from identity import faces, tokens
from identity.faces import FaceStore, Pictures
from identity.mandates import Mandates
from identity.tokens import Issuer
from identity.tokens.busy import Busy
from kit import idempotency
from kit.calling import Caller
from kit.db import Database
from kit.hsm import Token, TokenSeals
from kit.jobs import Jobs, Task
from kit.keys import FileKeys, Keys
from kit.limits import Limits
from kit.pool import InferencePool
from kit.seals import FileSeals, SandboxSeals, Seals
from kit.settings import BadSetting, Settings
from kit.valkey import Valkey
from notifications import PostOffice, Quiet
from ocr.chip import BadTrustStore, TrustStore
from uploads import ClamdScanner, Keeper, SandboxScanner, Scanner, Vault
from web.sandbox import people
from wires import Signer, Webhooks, WireOffice
from wires.business import BusinessRegister, Company, SandboxBusinesses
from wires.payments import PaymentProvider, SandboxPayments
from wires.population import PinIssuer, PopulationRegister, Registered, SandboxPins, SandboxRegister

WARM = ("ocr:warm", "identity.faces:warm", "identity.faces.liveness:warm")
WARM_FOR_FILES = ("uploads:warm",)


@dataclass(slots=True)
class House:
    """Everything the rooms stand on, opened; handlers receive these by name."""

    settings: Settings
    db: Database
    faces_db: Database
    valkey: Valkey
    limits: Limits
    keys: Keys
    jobs: Jobs
    pool: InferencePool
    files: InferencePool
    issuer: Issuer
    busy: Busy
    faces: FaceStore
    pictures: Pictures
    vault: Vault
    keeper: Keeper
    chip_trust: TrustStore
    post_office: PostOffice
    wires: WireOffice
    webhooks: Webhooks
    backlogs: Backlogs
    pins: PinIssuer | None
    seals: Seals | None
    payments: PaymentProvider | None
    population: PopulationRegister | None
    mandates: Mandates
    lookups: Lookups
    intake: Intake
    catalogue: procedures.Catalogue
    feed: Feed

    @property
    def stand(self) -> Stand:
        """What the verbs of the dossiers stand on."""
        return Stand(
            db=self.db,
            keys=self.keys,
            catalogue=self.catalogue,
            settings=self.settings,
            post_office=self.post_office,
            mandates=self.mandates,
            lookups=self.lookups,
            intake=self.intake,
            pins=self.pins,
            population=self.population,
        )


def pin_issuer(settings: Settings, keys: Keys) -> PinIssuer | None:
    """The adapter the settings name; None when no issuer is configured: births can then be read, not registered."""
    return SandboxPins(key=keys.key("pins")) if settings.pin_issuer == "sandbox" else None


def seals(settings: Settings, keys: Keys) -> Seals | None:
    """The adapter the settings name; None when results are not signed here."""
    directory = settings.seals or settings.home / "seals"
    match settings.result_seals:
        case "none":
            return None
        case "sandbox":
            return SandboxSeals(directory)
        case "files":
            return FileSeals(directory, keys.secret("seal-password"))
        case "pkcs11":
            module, token, pin = settings.seals_module, settings.seals_token, keys.secret("seal-pin")
            if module is None or token is None or pin is None:
                raise BadSetting(
                    "MOTCUA_RESULT_SEALS=pkcs11 needs MOTCUA_SEALS_MODULE, MOTCUA_SEALS_TOKEN and the key file seal-pin."
                )
            return TokenSeals(directory, Token(module, token, pin))


def payment_provider(settings: Settings, keys: Keys) -> PaymentProvider | None:
    """The adapter the settings name; None when none is connected: fees can then be asked for, not paid here."""
    if settings.payment_provider == "none":
        return None
    return SandboxPayments(keys.key("wires"), settings.public_url)


def population_register(settings: Settings) -> PopulationRegister | None:
    """The adapter the settings name; None when no register is connected: nobody is then confirmed by one."""
    if settings.population_register == "none":
        return None
    return SandboxRegister(
        Registered(
            pin=one.pin,
            full_name=one.full_name,
            date_of_birth=date.fromisoformat(one.date_of_birth),
            locked={"residence": one.residence, "ethnicity": one.ethnicity},
        )
        for one in people().citizens
    )


def scanner(settings: Settings) -> Scanner | None:
    """The adapter the settings name; None when files are not scanned here. Raises BadSetting."""
    match settings.virus_scanner:
        case "none":
            return None
        case "sandbox":
            return SandboxScanner()
        case "clamd":
            if not settings.clamd_host:
                raise BadSetting("MOTCUA_VIRUS_SCANNER=clamd needs MOTCUA_CLAMD_HOST.")
            return ClamdScanner(settings.clamd_host, settings.clamd_port)


def business_register(settings: Settings) -> BusinessRegister | None:
    """The adapter the settings name; None when no register is connected: an officer then sees every certificate."""
    if settings.business_register == "none":
        return None
    pins = {citizen.key: citizen.pin for citizen in people().citizens}
    return SandboxBusinesses(
        Company(
            number=one.number,
            legal_name=one.legal_name,
            representative_pins=frozenset(pins[key] for key in one.representatives),
        )
        for one in people().enterprises
    )


def chip_trust(settings: Settings) -> TrustStore:
    """Who may vouch for a chip. Raises BadSetting."""
    if settings.chip_trust is None:
        return TrustStore()
    try:
        return TrustStore.from_directory(settings.chip_trust)
    except BadTrustStore as error:
        raise BadSetting(f"MOTCUA_CHIP_TRUST: {error}") from error


def refuse_unfit(settings: Settings, adapters: list[Any]) -> None:
    """Raises BadSetting when production would run on something meant for development."""
    if settings.environment != "production":
        return
    if settings.sandbox:
        raise BadSetting("MOTCUA_SANDBOX is on in production. Turn it off: it shows every message to everybody.")
    if settings.officer_passkeys != "required":
        raise BadSetting("MOTCUA_OFFICER_PASSKEYS is optional in production. Unset it: officers sign in by passkey.")
    for adapter in adapters:
        if getattr(adapter, "development_only", False):
            raise BadSetting(
                f"{type(adapter).__name__} is for development only. Configure a real adapter for production."
            )
    for name in ("database_url", "faces_database_url", "redis_url", "keys"):
        if getattr(settings, name) is None:
            raise BadSetting(
                f"production needs {name.upper()} stated; embedded engines and made keys are for development."
            )
    for name in ("database_url", "faces_database_url"):
        url = urlsplit(getattr(settings, name))
        if not url.password:
            raise BadSetting(f"{name.upper()} has no password: production refuses a database that trusts every caller.")
        if url.password in ("postgres", "password", "motcua", "changeme", "secret"):
            raise BadSetting(f"{name.upper()} has a default password. Set one of your own.")
    if not settings.public_url.startswith("https://"):
        raise BadSetting("MOTCUA_PUBLIC_URL must begin with https:// in production.")


def tasks() -> list[Task]:
    """Every room's background work."""
    return [
        *idempotency.tasks,
        *notifications.jobs.tasks,
        *uploads.jobs.tasks,
        *tokens.TASKS,
        *identity.accounts.jobs.tasks,
        *identity.consents.jobs.tasks,
        *identity.offices.jobs.tasks,
        *identity.proofing.jobs.tasks,
        *identity.faces.jobs.tasks,
        *identity.mandates.jobs.tasks,
        *dossiers.jobs.tasks,
        *wires.jobs.tasks,
    ]


@asynccontextmanager
async def open_house(
    settings: Settings, *, pool: InferencePool | None = None, files: InferencePool | None = None
) -> AsyncGenerator[House]:
    """Everything opened in order and closed in the reverse one. Raises BadSetting, NotDurable."""
    if settings.database_url is None or settings.faces_database_url is None or settings.redis_url is None:
        raise BadSetting(
            "no engines: start through `motcua serve`, or set DATABASE_URL, FACES_DATABASE_URL and REDIS_URL."
        )
    faces.refuse_bad_calibration()
    keys = FileKeys(settings.keys or settings.home / "keys", settings.personal_keys or settings.home / "personal-keys")
    async with AsyncExitStack() as stack:
        db = Database(settings.database_url, pool_size=settings.database_pool_size)
        caller, apple, outside = Caller(), Caller(http2=True), Caller(public_only=True)
        for one in (caller, apple, outside):
            stack.push_async_callback(one.close)
        pins, out = pin_issuer(settings, keys), channels(settings, keys, db, caller, apple)
        population, business = population_register(settings), business_register(settings)
        virus_scanner, sealing, payments = scanner(settings), seals(settings, keys), payment_provider(settings, keys)
        refuse_unfit(settings, [keys, pins, sealing, payments, population, business, virus_scanner, *out])
        stack.push_async_callback(db.close)
        await db.refuse_unless_durable()
        faces_db = Database(settings.faces_database_url, pool_size=max(2, settings.database_pool_size // 4))
        stack.push_async_callback(faces_db.close)
        await faces_db.refuse_unless_durable()
        if settings.environment == "production":
            await db.refuse_if_trusting()
            await faces_db.refuse_if_trusting()
        valkey = Valkey(settings.redis_url, timeout_seconds=settings.valkey_timeout_seconds)
        stack.push_async_callback(valkey.close)
        if pool is None:
            pool = InferencePool(workers=settings.inference_workers, queue=settings.inference_queue, warm=WARM)
            stack.callback(pool.close)
        if files is None:
            # Of its own: a paper never waits for the models of cards and faces, and needs none of their memory.
            files = InferencePool(workers=settings.file_workers, queue=settings.inference_queue, warm=WARM_FOR_FILES)
            stack.callback(files.close)
        jobs = Jobs(settings.database_url, tasks())
        issuer, limits = Issuer(settings, keys, valkey), Limits(valkey)
        post_office = PostOffice(out, jobs, keys.key("contacts"), quiet=Quiet.parse(*settings.quiet_hours.split("-")))
        busy = Busy(db, issuer, post_office)
        stack.push_async_callback(busy.close)
        vault = Vault(settings.home / "uploads", keys.key("uploads"))
        lookups = Lookups(db)
        stack.push_async_callback(lookups.close)
        feed = Feed(db)
        stack.push_async_callback(feed.close)
        signer = Signer(keys.key("wires"))
        wire_office = WireOffice(
            jobs,
            signer,
            caller,
            public_url=settings.public_url,
            portal_password=keys.secret("portal-password"),
        )
        house = House(
            settings=settings,
            db=db,
            faces_db=faces_db,
            valkey=valkey,
            limits=limits,
            keys=keys,
            jobs=jobs,
            pool=pool,
            files=files,
            issuer=issuer,
            busy=busy,
            faces=FaceStore(faces_db, keys),
            pictures=Pictures(faces_db, keys),
            vault=vault,
            keeper=Keeper(vault, files, virus_scanner),
            chip_trust=chip_trust(settings),
            post_office=post_office,
            wires=wire_office,
            webhooks=Webhooks(signer, outside),
            backlogs=Backlogs(db, wire_office, post_office),
            pins=pins,
            seals=sealing,
            payments=payments,
            population=population,
            mandates=Mandates(
                db=db,
                keys=keys,
                settings=settings,
                post_office=post_office,
                limits=limits,
                civil=OwnBooks(),
                business=business,
            ),
            lookups=lookups,
            intake=Intake(lambda wishes: submitting.take_in(house.stand, wishes), most=32, company=0.015),
            catalogue=procedures.load(),
            feed=feed,
        )
        jobs.serve(house)
        yield house
