"""`motcua worker` with SMTP and eSMS for channels, both on loopback: `python -m benchmarks.leaving.worker SMTP HTTP`.

Everything else is the worker's own: its jobs, its batches, its waits. Results are not sealed, so that no paper is rendered beside it.
"""

import asyncio
import sys

from api.wiring import open_house
from kit import settings as kit_settings
from kit.calling import Caller
from notifications import EsmsChannel, PostOffice, SmtpChannel


async def main(smtp_port: int, http_port: int) -> None:
    settings, _ = kit_settings.load(result_seals="none")
    async with open_house(settings) as house:
        caller = Caller()
        contacts = house.keys.key("contacts")
        sms = EsmsChannel(
            caller, api_key="benchmark", secret_key="benchmark", brand="BENCHMARK", public_url=settings.public_url,
            receipt_key=contacts, url=f"http://127.0.0.1:{http_port}/",
        )  # fmt: skip
        mail = SmtpChannel(host="127.0.0.1", port=smtp_port, sender="no-reply@motcua.test")
        house.post_office = PostOffice([sms, mail], house.jobs, contacts)
        try:
            await house.jobs.work()
        finally:
            await caller.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
