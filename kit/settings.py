"""Every setting of the process, its meaning and where its value came from."""

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

Environment = Literal["development", "production"]


class BadSetting(Exception):
    """A setting is missing or wrong; the sentence says which and what to do. Exit status 2 of the command."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One deployment is one city. Each comes from the environment, else from the file `MOTCUA_SETTINGS` names, else its default."""

    environment: Annotated[
        Environment, Meta(description="production refuses development-only adapters and default secrets")
    ] = "development"
    sandbox: Annotated[
        bool, Meta(description="serve fictional people, an open inbox and test clients; never in production")
    ] = False
    home: Annotated[Path, Meta(description="where embedded engines, keys and uploads live")] = Path(".motcua")
    city: Annotated[str, Meta(description="name of the city, printed on papers")] = "Thành phố Hồ Chí Minh"
    province_code: Annotated[
        str, Meta(description="three-digit province code of the PIN of a child registered here")
    ] = "079"
    agency_prefix: Annotated[
        str,
        Meta(
            description="the city among the nation's agencies; receipt codes begin with it",
            pattern=r"^[A-Z0-9]{2,6}(\.[A-Z0-9]{1,6})?$",
        ),
    ] = "H29"
    public_url: Annotated[str, Meta(description="what clients call us by; the issuer of tokens; no trailing slash")] = (
        "http://127.0.0.1:8000"
    )
    signing_algorithm: Annotated[
        Literal["ES256", "EdDSA", "RS256"],
        Meta(description="what access tokens are signed by, and ID tokens of apps that registered no other"),
    ] = "ES256"
    officer_passkeys: Annotated[
        Literal["required", "optional"],
        Meta(description="whether officers must sign in by passkey; optional is development-only"),
    ] = "required"
    passkey_domain: Annotated[
        str | None, Meta(description="domain passkeys are bound to (RP id); none: the host of public_url")
    ] = None
    passkey_origins: Annotated[
        tuple[str, ...],
        Meta(description="pages and apps besides public_url that may ask for passkeys; comma-separated"),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="networks (CIDR) whose X-Forwarded-For is believed; comma-separated")
    ] = ()
    database_url: Annotated[str | None, Meta(description="PostgreSQL of the city; none: the embedded engine")] = None
    faces_database_url: Annotated[
        str | None, Meta(description="PostgreSQL with pgvector for faces; none: the embedded engine")
    ] = None
    redis_url: Annotated[str | None, Meta(description="Valkey or Redis; none: the embedded engine")] = None
    valkey_timeout_seconds: Annotated[
        float, Meta(description="how long a call waits for Valkey before it is refused", gt=0, le=10)
    ] = 0.2
    keys: Annotated[
        Path | None, Meta(description="directory of key files; none: made under home, in development only")
    ] = None
    personal_keys: Annotated[
        Path | None,
        Meta(description="directory of one key per person whose face is kept, never backed up; none: under home"),
    ] = None
    chip_trust: Annotated[
        Path | None,
        Meta(description="directory of CSCA certificates and CRLs that vouch for chips; none: every issuer is unknown"),
    ] = None
    virus_scanner: Annotated[
        Literal["none", "sandbox", "clamd"],
        Meta(description="what looks at files before they are kept; sandbox knows the EICAR test file only"),
    ] = "none"
    clamd_host: Annotated[str | None, Meta(description="where ClamAV's daemon listens on TCP")] = None
    clamd_port: Annotated[int, Meta(description="and its port", ge=1, le=65535)] = 3310
    face_model: Annotated[
        Path | None,
        Meta(
            description="an operator's own face network (ONNX), described in a .toml beside it; none: the shipped two"
        ),
    ] = None
    face_calibration: Annotated[
        Path | None,
        Meta(description="calibration that `motcua faces calibrate` wrote; none: the shipped one, only assumed"),
    ] = None
    database_pool_size: Annotated[
        int, Meta(description="connections of one process to the city's database", ge=1, le=200)
    ] = 12
    inference_workers: Annotated[int, Meta(description="processes that read cards and compare faces", ge=1, le=64)] = 2
    file_workers: Annotated[int, Meta(description="processes that look at uploaded files", ge=1, le=64)] = 1
    inference_queue: Annotated[
        int, Meta(description="photos, and files, that may wait for a worker before callers hear 503", ge=0)
    ] = 16
    work_in_process: Annotated[
        bool, Meta(description="run the job worker inside the API process (the demo and small towns)")
    ] = False
    pin_issuer: Annotated[
        Literal["none", "sandbox"], Meta(description="who gives a new-born its number; sandbox is development-only")
    ] = "none"
    result_seals: Annotated[
        Literal["none", "sandbox", "files", "pkcs11"],
        Meta(
            description="whose keys results are signed with; sandbox is development-only, files are PKCS #12, pkcs11 a security module; none: not signed"
        ),
    ] = "none"
    seals: Annotated[
        Path | None,
        Meta(
            description="directory of OFFICE.p12 and city.p12, whose password is the key file seal-password; with pkcs11 of OFFICE.pem and city.pem; none: under home"
        ),
    ] = None
    seals_module: Annotated[
        Path | None, Meta(description="with pkcs11: the module's library; the PIN is the key file seal-pin")
    ] = None
    seals_token: Annotated[
        str | None,
        Meta(description="with pkcs11: the token's label; in it a key is labelled as its certificate's file"),
    ] = None
    timestamps_url: Annotated[
        str | None,
        Meta(description="timestamp authority (RFC 3161) that signatures of results are dated by; none: B-B only"),
    ] = None
    payment_provider: Annotated[
        Literal["none", "sandbox"], Meta(description="where fees are paid; sandbox is development-only")
    ] = "none"
    population_register: Annotated[
        Literal["none", "sandbox"],
        Meta(description="who confirms number, name and birth date; sandbox is development-only"),
    ] = "none"
    business_register: Annotated[
        Literal["none", "sandbox"],
        Meta(description="who confirms the representative of an enterprise; sandbox is development-only"),
    ] = "none"
    sms_channel: Annotated[
        Literal["none", "esms", "sandbox"], Meta(description="how SMS leave; sandbox keeps them in the open inbox")
    ] = "none"
    esms_api_key: Annotated[
        str | None, Meta(description="ApiKey at eSMS; the SecretKey is the key file esms-secret")
    ] = None
    esms_brand: Annotated[str | None, Meta(description="brand name the city's SMS come from")] = None
    zalo_app_id: Annotated[
        str | None,
        Meta(
            description="app at Zalo that sends ZNS; key files zalo-secret, zalo-refresh-token and zalo-webhook; none: no Zalo"
        ),
    ] = None
    zalo_templates: Annotated[
        Path | None, Meta(description="TOML file: of each event the id of its approved ZNS template in vi and en")
    ] = None
    fcm: Annotated[
        bool, Meta(description="push to Android; the service account is the key file fcm-service-account")
    ] = False
    apns_topic: Annotated[
        str | None, Meta(description="bundle id of the iPhone app; its key is the key file apns-key; none: no push")
    ] = None
    apns_team_id: Annotated[str | None, Meta(description="Apple's id of the team")] = None
    apns_key_id: Annotated[str | None, Meta(description="Apple's id of the key in apns-key")] = None
    quiet_hours: Annotated[
        str,
        Meta(
            description="hours of the city in which nothing rings but warnings; both the same: none",
            pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$",
        ),
    ] = "22:00-06:00"
    email_channel: Annotated[Literal["none", "smtp", "sandbox"], Meta(description="how e-mail leaves")] = "none"
    smtp_host: Annotated[str | None, Meta(description="mail server")] = None
    smtp_port: Annotated[int, Meta(description="its port; STARTTLS is required outside loopback")] = 587
    smtp_user: Annotated[str | None, Meta(description="its account; the password is the key file smtp-password")] = None
    mail_from: Annotated[str | None, Meta(description="sender address of e-mail")] = None
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Meta(description="least severity that is logged")
    ] = "INFO"


# Names the field knows better without our prefix.
_BARE = {"database_url": "DATABASE_URL", "faces_database_url": "FACES_DATABASE_URL", "redis_url": "REDIS_URL"}
_LISTS = {"trusted_proxies", "passkey_origins"}
_SECRET = {"database_url", "faces_database_url", "redis_url"}


class Shown(msgspec.Struct, frozen=True):
    """One line of `motcua settings`."""

    name: str
    variable: str
    value: str
    source: str
    meaning: str


def variable(name: str) -> str:
    """The environment variable that sets `name`."""
    return _BARE.get(name, f"MOTCUA_{name.upper()}")


def load(environ: dict[str, str] | None = None, **given: Any) -> tuple[Settings, dict[str, str]]:
    """The settings and, per name, where each came from. Raises BadSetting with one sentence."""
    environ = dict(os.environ) if environ is None else environ
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    file = environ.get("MOTCUA_SETTINGS")
    if file:
        try:
            values |= tomllib.loads(Path(file).read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise BadSetting(
                f"MOTCUA_SETTINGS={file} cannot be read: {error}. Mend the file or unset the variable."
            ) from error
        sources |= dict.fromkeys(values, file)
    for field in msgspec.structs.fields(Settings):
        text = environ.get(variable(field.name))
        if text:
            values[field.name] = text.split(",") if field.name in _LISTS else text
            sources[field.name] = variable(field.name)
    for name, value in given.items():
        values[name] = value
        sources[name] = "command line"
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        named = re.search(r"\$\.(\w+)", str(error))
        what = variable(named[1]) if named else "the setting it names"
        raise BadSetting(f"settings: {error}. Correct or unset {what}.") from error
    return settings, {field.name: sources.get(field.name, "default") for field in msgspec.structs.fields(Settings)}


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)


def shown(settings: Settings, sources: dict[str, str]) -> list[Shown]:
    """Every setting with value, source and meaning; URLs that may hold a password are masked."""
    hints = get_type_hints(Settings, include_extras=True)
    lines: list[Shown] = []
    for field in msgspec.structs.fields(Settings):
        value = getattr(settings, field.name)
        text = "(set, not shown)" if field.name in _SECRET and value else str(value)
        meaning = next((m.description or "" for m in hints[field.name].__metadata__ if isinstance(m, Meta)), "")
        lines.append(Shown(field.name, variable(field.name), text, sources[field.name], meaning))
    return lines
