"""``make serve`` as a new user meets it: what it prints, the README's example pasted, Ctrl-C, and what may stop it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
START_SECONDS = 180
SERVE = ("make", "--old-file=setup", "serve")
"""Without another set-up: whoever runs the tests is past it, and may be at work on what it would rebuild."""


OF_MAKE_TEST = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
"""What ``make test ARGS=...`` hands on; another make would take the tests' arguments for its own."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """One ``make serve`` in a session of its own, on a port and a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.data = folder / "data"
        self.log = folder / "log"
        ours = {name: value for name, value in os.environ.items() if name not in OF_MAKE_TEST}
        self.environment = ours | {"HANDCODE_PORT": str(self.port), "HANDCODE_DATA": str(self.data)}
        with self.log.open("wb") as log:
            self.make = subprocess.Popen(
                SERVE, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def line(self, pattern: str) -> re.Match[str]:
        """Waits for a line of its output that matches."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.log.read_text("utf-8"), re.MULTILINE):
                return found
            if self.make.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no line like {pattern}:\n{self.log.read_text('utf-8')}")

    def wait_for_worker(self) -> None:
        """Until a worker judges: it has imported torch and tried every wall."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz").close()
                return
            time.sleep(0.1)
        raise AssertionError(f"no worker:\n{self.log.read_text('utf-8')}")

    def processes(self) -> list[str]:
        """Everything that runs with our environment: what ``make`` started, and what that started."""
        mark = f"HANDCODE_DATA={self.data}".encode()
        return [found for path in Path("/proc").glob("[0-9]*") if (found := command_line(path, mark))]

    def press_ctrl_c(self) -> None:
        os.killpg(self.make.pid, signal.SIGINT)
        self.make.wait(60)


def command_line(process: Path, mark: bytes) -> str:
    try:
        if mark not in (process / "environ").read_bytes():
            return ""
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:  # it ended meanwhile
        return ""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    service = Served(tmp_path_factory.mktemp("served"))
    try:
        service.line(r"^Handcode is at http://127\.0\.0\.1:\d+$")
        yield service
    finally:
        if service.make.poll() is None:
            service.press_ctrl_c()


def test_it_says_where_it_is_and_how_to_get_in(served: Served) -> None:
    assert served.line(r"^Handcode is at (\S+)$").group(1) == f"http://127.0.0.1:{served.port}"
    assert served.line(r"^Interviewer sign-in: \S+ \S+$")
    assert served.line(r"^API token: hc_\S+$")


def test_anyone_may_practise_on_it(served: Served) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/problems") as page:
        assert "BatchNorm" in page.read().decode()


def test_its_data_is_for_its_owner_only(served: Served) -> None:
    served.line(r"^API token: ")
    assert served.data.stat().st_mode & 0o077 == 0


def test_the_readmes_example_can_be_pasted(served: Served) -> None:
    served.wait_for_worker()
    readme = (ROOT / "README.md").read_text("utf-8")
    [example] = [block for block in re.findall(r"^```\n(.*?)^```", readme, re.MULTILINE | re.DOTALL) if "curl" in block]
    example = example.replace("127.0.0.1:8000", f"127.0.0.1:{served.port}")
    example = example.replace("hc_…", served.line(r"^API token: (hc_\S+)$").group(1))
    pasted = subprocess.run(["bash", "-eu"], input=example, cwd=ROOT, capture_output=True, text=True, check=False)
    assert pasted.returncode == 0, pasted.stderr
    assert json.loads(pasted.stdout)["verdict"] == "accepted"


def test_a_port_in_use_is_one_sentence(served: Served, tmp_path: Path) -> None:
    environment = served.environment | {"HANDCODE_DATA": str(tmp_path)}
    second = subprocess.run(SERVE, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert second.returncode != 0
    assert f"Port {served.port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_missing_sandbox_is_one_sentence(tmp_path: Path) -> None:
    for name in ("make", "sh", "find"):  # and no apt-get, so that not even root may install it
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    finished = subprocess.run(
        ["make", "serve"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert finished.returncode != 0
    assert "bubblewrap" in finished.stderr


@pytest.mark.usefixtures("jail")
def test_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    service = Served(tmp_path)
    service.line(r"^Handcode is at ")
    assert service.processes()
    service.press_ctrl_c()
    assert service.processes() == []


@pytest.mark.usefixtures("jail")
def test_the_death_of_make_ends_every_process(tmp_path: Path) -> None:
    service = Served(tmp_path)
    service.line(r"^Handcode is at ")
    service.make.kill()
    service.make.wait()
    deadline = time.monotonic() + 60
    while service.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert service.processes() == []
