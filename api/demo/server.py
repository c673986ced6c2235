"""The demo's own server: the `motcua sandbox` command as a process, so that it can be killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec

_START_SECONDS = 120


class DemoTrouble(Exception):
    """The demo cannot go on; the sentence says why."""


class Server:
    """One sandbox in a home of its own, wiped at the start. Browsers take passkeys from `localhost`, never from an address."""

    def __init__(self, home: Path, host: str = "127.0.0.1") -> None:
        self.home = home.resolve()
        self.host, self.port = host, _free_port()
        self.url = f"http://{host}:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self.home / "server.log"
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MOTCUA_") and name not in ("DATABASE_URL", "FACES_DATABASE_URL", "REDIS_URL")
        } | {"MOTCUA_HOME": str(self.home)}

    def wipe(self) -> None:
        """An earlier demo that was killed may have left engines running on this home."""
        if self.home.exists():
            self.command("stop")
            shutil.rmtree(self.home)
        self.home.mkdir(parents=True)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "api", "sandbox", "--host", self.host, "--port", str(self.port), "--quiet"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise DemoTrouble(f"the server ended at once; its last words: {self._last_words()}")
            try:
                if httpx.get(f"{self.url}/ready", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise DemoTrouble(f"the server was not ready after {_START_SECONDS} s; see {self.log}")

    def secret(self, client_id: str) -> str:
        """What the sandbox's table prints for a confidential client."""
        return msgspec.json.decode((self.home / "sandbox-secrets.json").read_bytes(), type=dict[str, str])[client_id]

    def kill(self) -> None:
        """SIGKILL to every process of the program, in mid-air; the engines live on as they would on another machine."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """In order down, engines included."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self.command("stop")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `motcua` command on this home."""
        return subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-m", "api", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _last_words(self) -> str:
        return " ".join(self.log.read_text(errors="replace").split())[-800:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
