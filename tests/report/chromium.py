"""A real browser for tests: headless Chromium, spoken to over two pipes (DevTools protocol)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from base64 import b64decode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-extensions", "--hide-scrollbars", "--mute-audio"),
    *("--disable-dev-shm-usage", "--window-size=1280,1600", "--remote-debugging-pipe"),
)
DEADLINE_S = 90.0


def find_chromium() -> str | None:
    """Return the browser's program, if there is one."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Browser:
    """One page of a browser: `problems` is what went wrong in it, `urls` what it fetched."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out = os.fdopen(to_browser, "wb", buffering=0)
        self._in = os.fdopen(from_browser, "rb", buffering=0)
        self._buffer = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """Call a method and return its result; events on the way are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, page: Path) -> None:
        """Open a file and wait until it has loaded."""
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not any(each["method"] == "Page.loadEventFired" for each in self.events):
            self._read()

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self) -> bytes:
        """Return what the page looks like, as PNG."""
        return b64decode(self.call("Page.captureScreenshot")["data"])

    @property
    def problems(self) -> list[str]:
        """What the page's scripts threw and what the browser complained about."""
        bad = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
        return [json.dumps(each) for each in self.events if each["method"] in bad]

    @property
    def urls(self) -> list[str]:
        """Everything that the page asked for."""
        return [
            each["params"]["request"]["url"]
            for each in self.events
            if each["method"] == "Network.requestWillBeSent"
        ]

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        self.call("Browser.close")
        self._out.close()
        self._in.close()

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = self._in.read(1 << 16)
            assert piece, "the browser ended"
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Browser]:
    """Start a browser whose files are in `profile`, and end it."""
    commands_out, commands_in = os.pipe()
    answers_out, answers_in = os.pipe()

    def give_pipes() -> None:  # the browser reads 3 and writes 4
        high = os.dup2(answers_in, 101), os.dup2(commands_out, 100)
        os.dup2(100, 3)
        os.dup2(101, 4)
        for descriptor in high:
            os.close(descriptor)

    process = subprocess.Popen(
        [program, *OPTIONS, f"--user-data-dir={profile}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=give_pipes,  # noqa: PLW1509 - the only way to hand over descriptors 3 and 4
        start_new_session=True,
        env={**os.environ, "HOME": str(profile), "NO_AT_BRIDGE": "1"},
    )
    os.close(commands_out)
    os.close(answers_in)
    try:
        page = Browser(commands_in, answers_out)
        yield page
        page.close()
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the browser's end, its own children included: they are of its session."""
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(process.pid, 9)
