"""A real server process and a real browser: every journey begins on a page and ends on one."""

from __future__ import annotations

import http.client
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "app/static/dist/workspace.js"
START_SECONDS = 120
"""A worker imports torch and prepares its cells, on a machine that may be busy."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

RIGHT = '''import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=0)
            var = ((x - mean) ** 2).mean(dim=0)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(self.momentum * mean)
                self.running_var.mul_(1 - self.momentum).add_(self.momentum * var)
        else:
            mean, var = self.running_mean, self.running_var
        return (x - mean) / torch.sqrt(var + self.eps) * self.gamma + self.beta
'''
WRONG = RIGHT.replace("mul_(1 - self.momentum).add_(self.momentum * ", "mul_(self.momentum).add_((1 - self.momentum) * ")
RAISES = RIGHT.replace("        if self.training:", "        raise ValueError('on <b>purpose</b> \\x1b[31m')\n        if self.training:")
SHOUTS = RIGHT.replace("    def forward(self, x):", "    def forward(self, x):\n        print('<script>alert(1)</script> \\x00 \\x1b[31mred')")


@dataclass(frozen=True)
class Server:
    """Where the product listens, and the first interviewer's name and password."""

    url: str
    name: str
    password: str
    token: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``python -m app.cli serve`` on a free port with an empty data folder, once its worker is ready."""
    if not BUILT.exists():
        pytest.fail("The pages are not built; run make setup.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "HANDCODE_DATA": str(tmp_path_factory.mktemp("journeys")),
        "HANDCODE_PORT": str(port),
        "HANDCODE_PRACTICE": "1",
        "HANDCODE_SUBMISSIONS_PER_MINUTE": "600",
    }
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    try:
        said = _read_until(process, r"API token: (\S+)", log)
        sign_in = re.search(r"Interviewer sign-in: (\S+) (\S+)", said)
        token = re.search(r"API token: (\S+)", said)
        assert sign_in and token, said
        _wait_for_worker(port, log)
        yield Server(f"http://127.0.0.1:{port}", sign_in[1], sign_in[2], token[1])
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def _read_until(process: subprocess.Popen[str], pattern: str, log: Path) -> str:
    lines: queue.Queue[str] = queue.Queue()
    stdout = process.stdout
    assert stdout is not None

    def read() -> None:
        for line in stdout:
            lines.put(line)

    threading.Thread(target=read, daemon=True).start()
    said = ""
    deadline = time.monotonic() + START_SECONDS
    while not re.search(pattern, said):
        try:
            said += lines.get(timeout=max(0.1, deadline - time.monotonic()))
        except queue.Empty:
            pytest.fail(f"The server did not start:\n{said}\n{log.read_text()[-3000:]}")
    return said


def _wait_for_worker(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            if json.loads(connection.getresponse().read())["judging"] == "ok":
                return
        finally:
            connection.close()
        time.sleep(0.2)
    pytest.fail(f"No worker became ready:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield started
        started.close()


class Visitor:
    """A browser of one person. Whatever its console complains of, and whatever it asks of another host, is kept."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context = context
        self.base = base
        self.complaints: list[str] = []
        self.page = self.open()

    def open(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", lambda request: self._check(request.url))
        return page

    def _complain(self, kind: str, text: str) -> None:
        # A page that answers 404 on purpose is no complaint; a refused style or script is.
        if kind in ("error", "warning") and "the server responded with a status of 4" not in text:
            self.complaints.append(f"console: {text}")

    def _check(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "about:")):
            self.complaints.append(f"asked elsewhere: {url}")


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Callable[..., Visitor]]:
    """Makes a visitor; at the end, none of them may have had anything to complain of."""
    visitors: list[Visitor] = []

    def make(*, script: bool = True, width: int = 1440, height: int = 900, **context: object) -> Visitor:
        context.setdefault("locale", "en-GB")
        opened = browser.new_context(
            base_url=server.url, java_script_enabled=script, viewport={"width": width, "height": height},
            **context,  # type: ignore[arg-type]
        )  # fmt: skip
        visitors.append(Visitor(opened, server.url))
        return visitors[-1]

    yield make
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def interviewer(visit: Callable[..., Visitor], server: Server) -> Page:
    """The page of an interviewer who has signed in."""
    return sign_in(visit().page, server)


@pytest.fixture
def invitation(interviewer: Page) -> str:
    """A fresh link for one candidate and both problems."""
    return invite(interviewer, "Lin Candidate")


def sign_in(page: Page, server: Server) -> Page:
    page.goto("/sign-in")
    page.get_by_label("Your name").fill(server.name)
    page.get_by_label("Password").fill(server.password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/submissions")
    return page


def invite(page: Page, name: str) -> str:
    page.goto("/invitations")
    page.get_by_label("Candidate's name").fill(name)
    page.get_by_role("button", name="Make the link").click()
    return page.get_by_label("Invitation link").input_value()


def type_code(page: Page, code: str) -> None:
    """Replaces what is in the editor, the way a paste does."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.locator(".cm-content").evaluate(
        """(editor, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        code,
    )


def verdict_of(page: Page) -> str:
    """Waits for the result that follows the last press of a button."""
    page.locator("#result-body[data-verdict]").wait_for()
    return page.locator("#result-body").get_attribute("data-verdict") or ""
