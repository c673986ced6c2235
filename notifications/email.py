"""E-mail over SMTP (RFC 5321), never in the clear outside this machine (STARTTLS, RFC 3207)."""

import asyncio
import ipaddress
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import format_datetime

from kit import clock
from notifications.channels import Undeliverable
from notifications.messages import ChannelKind, Letter

_TIMEOUT_SECONDS = 15


class SmtpChannel:
    """One connection a letter: a city sends hundreds an hour, and a kept connection would have to be watched."""

    name = "smtp"
    kind: ChannelKind = "email"
    development_only = False
    at_once = 8
    receipts = False

    def __init__(
        self, *, host: str, port: int, sender: str, user: str | None = None, password: str | None = None
    ) -> None:
        self._host, self._port, self._sender = host, port, sender
        self._user, self._password = user, password
        # Threads of its own: a mail server that stalls must not hold up those that write uploads.
        self._threads = ThreadPoolExecutor(self.at_once, thread_name_prefix="smtp")

    async def send(self, letter: Letter) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._deliver, self._written(letter), letter.to)

    def _written(self, letter: Letter) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = letter.to
        mail["Subject"] = letter.subject
        mail["Date"] = format_datetime(clock.now())
        # The same over every attempt, so that a mailbox can drop a twin.
        mail["Message-ID"] = f"<{letter.id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        mail["Content-Language"] = letter.locale
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text, charset="utf-8", cte="base64")
        return mail

    def _deliver(self, mail: EmailMessage, to: str) -> None:
        with smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS) as server:
            server.ehlo()
            if not _is_loopback(self._host):
                # Raises when the server does not offer it: a letter with a code in it does not travel in the clear.
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self._user is not None and self._password is not None:
                server.login(self._user, self._password)
            try:
                server.send_message(mail, to_addrs=[to])
            except smtplib.SMTPRecipientsRefused as error:
                code = next(iter(error.recipients.values()))[0]
                if 500 <= code < 600:
                    raise Undeliverable(f"mailbox refused with {code}") from error
                raise


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
