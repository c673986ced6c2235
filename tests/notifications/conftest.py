"""Mail servers on loopback: a real peer of the protocol."""

import socket
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller


class Mailbox:
    def __init__(self, reply: str | None = None):
        self.mails, self._reply = [], reply

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self._reply:
            return self._reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def served():
    """Starts mail servers on loopback and stops them after the test."""
    running = []

    def start(mailbox, **options):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()
