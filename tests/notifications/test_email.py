"""SMTP against a real protocol peer."""

import asyncio
import smtplib
import ssl
import threading

import pytest
from aiosmtpd.smtp import AuthResult

from notifications import Letter, SmtpChannel, Undeliverable
from tests.notifications.conftest import Mailbox

LETTER = Letter(
    id="dlv_01",
    event="dossier-received",
    channel="email",
    to="me@example.vn",
    locale="vi",
    subject="Hồ sơ 26740-2026-7KQ4M9XW: Đã tiếp nhận",
    text="Chúng tôi đã nhận hồ sơ.",
)


@pytest.mark.anyio
async def test_a_letter_arrives_as_it_was_written(served):
    mailbox = Mailbox()
    channel = SmtpChannel(host="127.0.0.1", port=served(mailbox), sender="Một Cửa <no-reply@motcua.example>")
    await channel.send(LETTER)
    (mail,) = mailbox.mails
    assert mail["Subject"] == LETTER.subject
    assert mail["To"] == "me@example.vn"
    assert mail["Message-ID"] == "<dlv_01@motcua.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == LETTER.text


@pytest.mark.anyio
async def test_the_same_letter_again_keeps_its_message_id(served):
    mailbox = Mailbox()
    channel = SmtpChannel(host="127.0.0.1", port=served(mailbox), sender="no-reply@motcua.example")
    await channel.send(LETTER)
    await channel.send(LETTER)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


@pytest.mark.anyio
async def test_a_mailbox_that_does_not_exist_is_given_up(served):
    channel = SmtpChannel(host="127.0.0.1", port=served(Mailbox("550 no such user")), sender="a@motcua.example")
    with pytest.raises(Undeliverable) as told:
        await channel.send(LETTER)
    assert "me@example.vn" not in str(told.value)


@pytest.mark.anyio
async def test_a_full_mailbox_is_tried_again(served):
    channel = SmtpChannel(host="127.0.0.1", port=served(Mailbox("452 mailbox full")), sender="a@motcua.example")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await channel.send(LETTER)


@pytest.mark.anyio
async def test_outside_loopback_nothing_leaves_without_starttls(served, monkeypatch):
    mailbox = Mailbox()
    channel = SmtpChannel(host="127.0.0.1", port=served(mailbox), sender="a@motcua.example")
    monkeypatch.setattr("notifications.email._is_loopback", lambda host: False)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        await channel.send(LETTER)
    assert mailbox.mails == []


@pytest.mark.anyio
async def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(served, monkeypatch, self_signed):
    mailbox = Mailbox()
    port = served(mailbox, tls_context=self_signed, require_starttls=True)
    channel = SmtpChannel(host="127.0.0.1", port=port, sender="a@motcua.example")
    monkeypatch.setattr("notifications.email._is_loopback", lambda host: False)
    with pytest.raises(ssl.SSLCertVerificationError):
        await channel.send(LETTER)
    assert mailbox.mails == []


@pytest.mark.anyio
async def test_it_signs_in_when_it_has_an_account(served):
    seen = []

    def check(server, session, envelope, mechanism, data):
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    mailbox = Mailbox()
    port = served(mailbox, authenticator=check, auth_require_tls=False)
    channel = SmtpChannel(host="127.0.0.1", port=port, sender="a@motcua.example", user="motcua", password="s3cret-word")
    await channel.send(LETTER)
    assert seen == [(b"motcua", b"s3cret-word")]
    assert len(mailbox.mails) == 1


@pytest.fixture
def self_signed(tmp_path):
    """A server context with a certificate of its own making."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from kit import clock

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.mark.anyio
async def test_a_mail_server_that_stalls_does_not_hold_up_uploads(monkeypatch):
    """Letters waited in the threads that also seal uploads: one slow mail server, and no file was taken any more."""
    channel = SmtpChannel(host="127.0.0.1", port=9, sender="a@motcua.example")
    go_on = threading.Event()
    monkeypatch.setattr(channel, "_deliver", lambda *_: go_on.wait())
    letters = [asyncio.create_task(channel.send(LETTER)) for _ in range(100)]
    try:
        assert await asyncio.wait_for(asyncio.to_thread(int, "7"), 30) == 7
    finally:
        go_on.set()
        await asyncio.gather(*letters)
