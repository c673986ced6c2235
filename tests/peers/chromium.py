"""A real Chromium (Debian's), driven over its own pipe (Chrome DevTools Protocol), for pages whose scripts and back buttons matter."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
]  # fmt: skip
_SECONDS = 30


class Chromium:
    """One browser with one profile. Calls block until they are answered."""

    def __init__(self, profile: Path, *flags: str) -> None:
        chromium = shutil.which("chromium")
        assert chromium, "chromium is missing: `make setup` installs requirements-debian.txt"
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        # Out of the way of 3 and 4, where the browser expects its ends of the pipes.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (theirs_in, theirs_out)]
        for end in (theirs_in, theirs_out):
            os.close(end)
        run = f'exec "$0" "$@" 3<&{ends[0]} 4>&{ends[1]}'
        command = ["bash", "-c", run, chromium, *_FLAGS, f"--user-data-dir={profile}", *flags, "about:blank"]
        self._process = subprocess.Popen(
            command, pass_fds=ends, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for end in ends:
            os.close(end)
        self._out, self._in = os.fdopen(ours_out, "wb"), os.fdopen(ours_in, "rb")
        self._calls, self._read = 0, b""

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(_SECONDS)
        self._out.close()
        self._in.close()

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The result; AssertionError with what the browser said when it has none."""
        self._calls += 1
        sent: dict[str, Any] = {"id": self._calls, "method": method, "params": parameters}
        if session is not None:
            sent["sessionId"] = session
        self._out.write(json.dumps(sent).encode() + b"\0")
        self._out.flush()
        while (answer := self._message()).get("id") != self._calls:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            more = os.read(self._in.fileno(), 1 << 20)
            assert more, "the browser is gone"
            self._read += more
        message, _, self._read = self._read.partition(b"\0")
        return json.loads(message)

    def tab(self, width: int = 1080, height: int = 1920) -> "Tab":
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = Tab(self, session)
        made.call("Page.enable")
        made.size(width, height)
        return made


class Tab:
    """One page of it."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def js(self, expression: str) -> Any:
        """What it comes to, awaited, as if somebody had touched the page."""
        told = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in told, f"{expression}: {told['exceptionDetails']}"
        return told["result"].get("value")

    def wait(self, expression: str, seconds: float = _SECONDS) -> None:
        """Until it is true; while a page changes there is nothing to ask."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if self.js(f"!!({expression})"):
                    return
            except AssertionError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"never true: {expression}; the page says {self.text()!r}")

    def go(self, address: str) -> None:
        self.call("Page.navigate", url=address)
        self.wait(f"location.href.startsWith({json.dumps(address)}) && document.readyState === 'complete'")

    def click(self, selector: str) -> None:
        """Where a finger would touch it: it must be in sight, alive, and where the page will leave it."""
        one = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"document.readyState === 'complete' && {one}?.checkVisibility() && !{one}.disabled")
        at = self.js(
            f"(() => {{ const e = {one}; e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)

    def type(self, selector: str, text: str) -> None:
        one = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{one}?.checkVisibility()")
        self.js(f"{one}.focus()")
        self.call("Input.insertText", text=text)

    def text(self) -> str:
        return self.js("document.body.innerText")

    def picture(self, file: Path | None = None) -> bytes:
        """PNG of what is seen."""
        png = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        if file is not None:
            file.write_bytes(png)
        return png

    def offline(self, is_so: bool) -> None:
        self.call("Network.enable")
        self.call(
            "Network.emulateNetworkConditions", offline=is_so, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )


@contextmanager
def running(profile: Path, *flags: str) -> Iterator[Chromium]:
    browser = Chromium(profile, *flags)
    try:
        yield browser
    finally:
        browser.close()
