"""A real server process and a real browser: every journey begins on a page and ends on one."""

from __future__ import annotations

import http.client
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from journeys.acts import Server, Visitor, invite, sign_in

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


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``python -m app.cli serve`` on a free port with an empty data folder, once its worker is ready."""
    only = tmp_path_factory.getbasetemp() / os.pardir / f"journeys-{os.environ.get('PYTEST_XDIST_TESTRUNUID', 'alone')}"
    if "PYTEST_XDIST_WORKER" in os.environ:
        only.open("x").close()  # raises where the journeys are shared out over two processes
    if not BUILT.exists():
        pytest.fail("The pages are not built; run make setup.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = tmp_path_factory.mktemp("journeys")
    settings = {
        "HANDCODE_DATA": str(data),
        "HANDCODE_PORT": str(port),
        "HANDCODE_PRACTICE": "1",
        "HANDCODE_SUBMISSIONS_PER_MINUTE": "600",
        "HANDCODE_LOGINS_PER_MINUTE": "600",
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
        assert sign_in, said
        assert token, said
        _wait_for_worker(port, log)
        yield Server(f"http://127.0.0.1:{port}", sign_in[1], sign_in[2], token[1], data)
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
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        finally:
            connection.close()
        time.sleep(0.2)
    pytest.fail(f"No worker became ready:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with the journeys: while it is there, an event loop runs in this thread and no other test can have one."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield started
        started.close()


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
