"""A mail server and an SMS provider on loopback, as the documents have them: `python -m benchmarks.leaving.peers SMTP HTTP`.

Both take everything and keep nothing; how many they took, they tell at `GET /`.
"""

import asyncio
import json
import sys
from typing import Any

from aiosmtpd.smtp import SMTP

taken = {"email": 0, "sms": 0}


class Box:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        taken["email"] += 1
        return "250 OK"


async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """eSMS (`SendMultipleMessage_V4_post_json`): 100 is taken."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            sent = await reader.readexactly(length)
            if head.startswith(b"POST"):
                assert json.loads(sent)["RequestId"]
                taken["sms"] += 1
                told = {"CodeResult": "100", "SMSID": f"sms-{taken['sms']}"}
            else:
                told = dict(taken)
            body = json.dumps(told).encode()
            kind = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
            writer.write(kind + str(len(body)).encode() + b"\r\n\r\n" + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(smtp_port: int, http_port: int) -> None:
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(lambda: SMTP(Box(), loop=loop), "127.0.0.1", smtp_port)
    sms = await asyncio.start_server(provide, "127.0.0.1", http_port)
    await asyncio.gather(mail.serve_forever(), sms.serve_forever())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
