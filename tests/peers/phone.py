"""A citizen's phone of 360 px, or an office's PC, in a real Chromium: what a person does at it, and axe-core's look at every page."""

import base64
import json
import time
from pathlib import Path
from typing import Any

from tests.peers.chromium import Chromium

AGENT = "Mozilla/5.0 (Linux; Android 13; SM-A145F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
MOST_BYTES = 50_000
# What axe-core is asked about: WCAG 2.2 at level AA, and its own good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Phone:
    """One person's screen. `axe` is the text of axe-core, `pictures` a folder for what is seen."""

    def __init__(
        self, browser: Chromium, url: str, axe: str, pictures: Path, *, script: bool = True, at_a_desk: bool = False
    ) -> None:
        self.width, self.touches = (1280, False) if at_a_desk else (360, True)
        self.tab, self.url, self._axe, self._pictures = browser.tab(self.width, 740), url, axe, pictures
        if self.touches:
            agent = {"userAgent": AGENT, "acceptLanguage": "vi", "platform": "Linux armv8l"}
            self.tab.call("Emulation.setUserAgentOverride", **agent)
            self.tab.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)
        self._script = script
        self._let_scripts_run(script)

    @property
    def path(self) -> str:
        return self.tab.js("location.pathname")

    def go(self, path: str) -> None:
        """Wherever it leads, such as to signing in."""
        before = self.tab.js("performance.timeOrigin")
        self.tab.call("Page.navigate", url=self.url + path)
        self.tab.wait(f"performance.timeOrigin !== {before} && document.readyState === 'complete'")

    def touch(self, selector: str) -> None:
        """Where a finger would, or a mouse."""
        if not self.touches:
            self.tab.click(selector)
            return
        self.tab.wait(f"document.querySelector({json.dumps(selector)})?.checkVisibility()")
        at, before = self._middle(selector), None
        while at != before:  # until the page stands still
            time.sleep(0.2)
            at, before = self._middle(selector), at
        self.tab.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": at[0], "y": at[1]}])
        self.tab.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def _middle(self, selector: str) -> list[float]:
        return self.tab.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )

    def press(self, selector: str) -> None:
        """A button or link that leads to another page, or to this one again."""
        before = self.tab.js("performance.timeOrigin")
        self.touch(selector)
        self.tab.wait(f"performance.timeOrigin !== {before} && document.readyState === 'complete'", 60)

    def reload(self) -> None:
        before = self.tab.js("performance.timeOrigin")
        self.tab.call("Page.reload")
        self.tab.wait(f"performance.timeOrigin !== {before} && document.readyState === 'complete'")

    def back(self) -> None:
        """The phone's own button; the page before may lead on."""
        before = self.tab.js("performance.timeOrigin")
        found = self.tab.call("Page.getNavigationHistory")
        entry = found["entries"][found["currentIndex"] - 1]
        self.tab.call("Page.navigateToHistoryEntry", entryId=entry["id"])
        self.tab.wait(f"performance.timeOrigin !== {before} && document.readyState === 'complete'")

    def field(self, path: str) -> str:
        """The selector of a question's input."""
        return f'[id="{path}"]'

    def write(self, path: str, text: str) -> None:
        """Over what stands there; a date input takes its own shape, as the phone's picker would give it."""
        where = json.dumps(self.field(path))
        self.touch(self.field(path))
        if self.tab.js(f"['date', 'time'].includes(document.querySelector({where}).type)"):
            self.tab.js(f"document.querySelector({where}).value = {json.dumps(text)}")
            self._changed(where)
            return
        self.tab.js(f"document.querySelector({where}).select()")
        self.tab.call("Input.insertText", text=text)
        self.tab.js(f"document.querySelector({where}).blur()")

    def choose(self, path: str, value: str) -> None:
        """Of a list, as the phone's own wheel would."""
        where = json.dumps(self.field(path))
        self.touch(self.field(path))
        self.tab.js(f"document.querySelector({where}).value = {json.dumps(value)}")
        assert self.tab.js(f"document.querySelector({where}).value") == value, f"{path} has no {value}"
        self._changed(where)

    def _changed(self, where: str) -> None:
        self.tab.js(
            f"['input', 'change'].forEach((kind) => document.querySelector({where}).dispatchEvent(new Event(kind, {{bubbles: true}})))"
        )

    def photograph(self, kind: str, photo: Path) -> None:
        """What the camera hands to the page's file input."""
        root = self.tab.call("DOM.getDocument")["root"]["nodeId"]
        node = self.tab.call("DOM.querySelector", nodeId=root, selector=f'[id="file-{kind}"]')["nodeId"]
        self.tab.call("DOM.setFileInputFiles", files=[str(photo)], nodeId=node)

    def throttle(self, bytes_per_second: int, *, offline: bool = False) -> None:
        """-1 is as fast as it goes."""
        self.tab.call("Network.enable")
        self.tab.call(
            "Network.emulateNetworkConditions",
            offline=offline,
            latency=0 if bytes_per_second < 0 else 100,
            downloadThroughput=bytes_per_second,
            uploadThroughput=bytes_per_second,
        )

    def look(self, name: str) -> None:
        """The page as a person and as axe-core see it: it fits, it is light, and nothing is held against it."""
        self._let_scripts_run(True)
        self.picture(name)
        assert self.tab.js("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
        size = self.tab.js(
            "(async () => (await (await fetch(location.href, {cache: 'no-store'})).arrayBuffer()).byteLength)()"
        )
        assert size <= MOST_BYTES, f"{name}: {size} bytes"
        self.tab.call("Runtime.evaluate", expression=f"if (!globalThis.axe) {{ {self._axe} }}")
        found: list[dict[str, Any]] = self.tab.js(
            f"axe.run(document, {{runOnly: {json.dumps(_RULES)}, resultTypes: ['violations']}})"
            ".then((done) => done.violations.map((one) => ({rule: one.id, why: one.help, where: one.nodes.map((node) => node.html)})))"
        )
        self._let_scripts_run(self._script)
        assert found == [], f"{name}: {json.dumps(found, ensure_ascii=False, indent=1)[:3000]}"

    def _let_scripts_run(self, may: bool) -> None:
        self.tab.call("Emulation.setScriptExecutionDisabled", value=not may)

    def picture(self, name: str) -> None:
        """All of the page, not what is in sight alone."""
        height = self.tab.js("document.documentElement.scrollHeight")
        shown = self.tab.call(
            "Page.captureScreenshot",
            format="png",
            captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": self.width, "height": min(height, 12_000), "scale": 1},
        )
        (self._pictures / f"{name}.png").write_bytes(base64.b64decode(shown["data"]))

    def says(self, *wanted: str) -> None:
        text = " ".join(self.tab.text().split())
        for one in wanted:
            assert one in text, f"{one!r} is not in {text!r}"

    def until(self, expression: str, seconds: float = 60) -> None:
        self.tab.wait(expression, seconds)

    def sign_in(self, login: str) -> None:
        """On the sign-in page already; the code comes to the sandbox's open inbox."""
        before = self._codes(login)
        self.tab.wait("document.querySelector('#login')")
        self.tab.type("#login", login)
        self.press("form[action*='/login?'] button")
        for _ in range(50):
            if len(codes := self._codes(login)) > len(before):
                break
            time.sleep(0.2)
        else:
            raise AssertionError("no code came")
        self.look("sign-in-code")
        self.tab.type("#code", codes[0])
        self.press("form[action*='/code?'] button")

    def _codes(self, login: str) -> list[str]:
        import re

        import httpx

        letters = httpx.get(f"{self.url}/sandbox/inbox.json").json()
        sent = [one["text"] for one in letters if one["to"] == login and one["event"] == "one-time-code"]
        return [code for text in sent for code in re.findall(r"(?<!\d)(\d{6})(?!\d)", text)]
