"""Every way a message can leave this deployment, as its settings and key files say."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kit.calling import Caller
from kit.db import Database
from kit.keys import Keys
from kit.settings import BadSetting, Settings
from notifications import (
    ApnsChannel,
    Channel,
    DatabaseWallet,
    EsmsChannel,
    FcmChannel,
    Locale,
    SandboxChannel,
    ServiceAccount,
    SmtpChannel,
    ZaloChannel,
    templates,
)


def channels(settings: Settings, keys: Keys, db: Database, caller: Caller, apple: Caller) -> list[Channel]:
    """The in-app inbox is not among them, for it is a row. `apple` speaks HTTP/2. Raises BadSetting."""
    found: list[Channel] = []
    if settings.sms_channel == "sandbox":
        found.append(SandboxChannel("sms", db))
    if settings.sms_channel == "esms":
        found.append(
            EsmsChannel(
                caller,
                api_key=_stated(settings.esms_api_key, "MOTCUA_ESMS_API_KEY"),
                secret_key=_secret(keys, "esms-secret"),
                brand=_stated(settings.esms_brand, "MOTCUA_ESMS_BRAND"),
                public_url=settings.public_url,
                receipt_key=keys.key("contacts"),
            )
        )
    if settings.zalo_app_id is not None:
        _secret(keys, "zalo-webhook")
        found.append(
            ZaloChannel(
                caller,
                DatabaseWallet(db, keys.key("contacts"), "zalo", keys.secret("zalo-refresh-token")),
                app_id=settings.zalo_app_id,
                app_secret=_secret(keys, "zalo-secret"),
                templates=zalo_templates(settings.zalo_templates),
            )
        )
    if settings.fcm:
        found.append(FcmChannel(caller, _service_account(_secret(keys, "fcm-service-account"))))
    if settings.apns_topic is not None:
        found.append(
            ApnsChannel(
                apple,
                team_id=_stated(settings.apns_team_id, "MOTCUA_APNS_TEAM_ID"),
                key_id=_stated(settings.apns_key_id, "MOTCUA_APNS_KEY_ID"),
                private_key=_secret(keys, "apns-key"),
                topic=settings.apns_topic,
            )
        )
    if settings.email_channel == "sandbox":
        found.append(SandboxChannel("email", db))
    if settings.email_channel == "smtp":
        found.append(
            SmtpChannel(
                host=_stated(settings.smtp_host, "MOTCUA_SMTP_HOST"),
                port=settings.smtp_port,
                sender=_stated(settings.mail_from, "MOTCUA_MAIL_FROM"),
                user=settings.smtp_user,
                password=keys.secret("smtp-password"),
            )
        )
    return found


def zalo_templates(file: Path | None) -> Mapping[str, Mapping[Locale, str]]:
    """Of each event the template's id in each language. Raises BadSetting, also for an event that there is not."""
    if file is None:
        raise BadSetting("MOTCUA_ZALO_APP_ID needs MOTCUA_ZALO_TEMPLATES: a file with the ids of approved templates.")
    try:
        found = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), dict[str, dict[Locale, str]])
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadSetting(f"MOTCUA_ZALO_TEMPLATES={file} cannot be read: {error}") from error
    if unknown := sorted(found.keys() - templates().keys()):
        raise BadSetting(f"MOTCUA_ZALO_TEMPLATES={file} names the event {unknown[0]}, which there is not.")
    return found


def _service_account(text: str) -> ServiceAccount:
    try:
        return msgspec.json.decode(text, type=ServiceAccount)
    except msgspec.MsgspecError as error:
        raise BadSetting("the key file fcm-service-account is not the JSON file Google gives out.") from error


def _stated(value: str | None, variable: str) -> str:
    if not value:
        raise BadSetting(f"{variable} is missing, and the channel it belongs to is on.")
    return value


def _secret(keys: Keys, name: str) -> str:
    value = keys.secret(name)
    if not value:
        raise BadSetting(f"the key file {name}.txt is missing, and the channel it belongs to is on.")
    return value
