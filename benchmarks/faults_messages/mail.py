"""A mail server that keeps each mail in a file before it says 250: killed, it has lost nothing it took."""

import os
import sys
import time
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller


class Box:
    def __init__(self, file: str) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content)
        os.write(self._file, f"{mail['Message-ID']}\t{envelope.rcpt_tos[0]}\n".encode())
        os.fsync(self._file)
        return "250 OK"


if __name__ == "__main__":
    controller = Controller(Box(sys.argv[2]), hostname="127.0.0.1", port=int(sys.argv[1]))
    controller.start()
    while True:
        time.sleep(60)
