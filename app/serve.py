"""One machine, one command: migrates, makes the first sign-in, then keeps a web process and a worker running.

This process opens the port and the web process inherits it, so that a port in use is noticed before anything is
started, and requests wait instead of failing while the web process is started again. The first web process and the
first worker get ready while this one migrates, and open the database when told to. Children are in sessions of their
own: Ctrl-C reaches only us, and we end them in order. Should we be killed, the kernel tells them.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.config import Settings
from app.faults import CannotStart, prepare_data_folder

# What brings SQLAlchemy is imported where it is used: it loads as slowly as the web process, which is begun first.

FIRST_INTERVIEWER = "interviewer"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
"""A worker finishes what it judges: the longest exam's limit, and some."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
SILENCE_LOOK_SECONDS = 10.0
"""Between looks whether the worker is heard of: two heartbeats."""
STEADY_SECONDS = 60.0
"""A child that ran this long before it ended begins with the first pause again."""


def serve(settings: Settings) -> int:
    """Until Ctrl-C or SIGTERM; returns the exit status. Raises ``CannotStart`` with what stands in the way."""
    stopping = _stop_on_signals()
    try:
        check_sandbox()
        with _listening(settings) as listener:
            prepare_data_folder(settings)
            family = Family(listener)
            try:
                let_go = [family.start_waiting(command) for command in ("web", "worker")]
                _migrate(settings)
                for each in let_go:
                    each()
                for line in asyncio.run(make_first_sign_in(settings)):
                    _say(line)
                family.wait_for_page(settings)
                _say(f"Handcode is at {settings.url}")
                family.look_after(stopping, settings)
            finally:
                family.end()
    except KeyboardInterrupt:
        return 130 if stopping.signal is None else 0
    return 0


@dataclass
class _Stopping:
    signal: int | None = None


def _stop_on_signals() -> _Stopping:
    """SIGTERM and SIGINT end whatever is being waited for."""
    stopping = _Stopping()

    def stop(number: int, _frame: object) -> None:
        if stopping.signal is None:
            stopping.signal = number
            raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping


def check_sandbox() -> None:
    """Raises ``CannotStart`` where no cell could ever be made."""
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise CannotStart("bubblewrap is missing: install it (Debian: apt-get install bubblewrap) and start again.")
    complaint = _complaint([bubblewrap, "--version"])
    if complaint is not None:
        raise CannotStart(f"{bubblewrap} does not work: install bubblewrap again and start again. It says: {complaint}")
    # Root's bubblewrap would do without a user namespace where there is none; the cells could not.
    within = [bubblewrap, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/"]
    complaint = _complaint([*within, "--unshare-user", "true"])
    if complaint is not None:
        raise CannotStart(
            "This machine allows no user namespaces, which the sandbox needs: set kernel.unprivileged_userns_clone=1 "
            "(or kernel.apparmor_restrict_unprivileged_userns=0, or user.max_user_namespaces above 0), or run where "
            f"they are allowed. bubblewrap says: {complaint}"
        )
    if os.geteuid() == 0:
        launcher = [sys.executable, "-E", "-s", "-S", "-m", "judge.sandbox.launcher", "--"]
        complaint = _complaint([*launcher, *within, "true"])
        if complaint is not None:
            raise CannotStart(
                "As root Handcode gives each cell a user of its own, and here it cannot: start it as an ordinary user, "
                f"or in a container that has the users 0 to 65535 and those rights. The sandbox says: {complaint}"
            )


def _complaint(command: list[str]) -> str | None:
    """What a command that fails says last, or with which status it ends; None when it does not fail."""
    try:
        tried = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - nothing of a user
    except OSError as error:
        return error.strerror
    if tried.returncode == 0:
        return None
    said = tried.stderr.strip().splitlines()
    return said[-1] if said else f"nothing, with status {tried.returncode}"


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotStart(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}): "
                "end the program that uses it, or set HANDCODE_PORT to another."
            ) from error
        listener.listen(1024)
        yield listener


def _migrate(settings: Settings) -> None:
    from app.migrating import migrate

    migrate(settings.database)


async def make_first_sign_in(settings: Settings) -> list[str]:
    """On an empty database an interviewer and a staff token, and the lines that say so; else nothing."""
    from sqlalchemy import select

    from app import auth, interviewers
    from app.database import Database
    from app.errors import Conflict
    from app.models import Interviewer, Scope

    database = Database(settings.database)
    try:
        async with database.reading() as session:
            if await session.scalar(select(Interviewer.id).limit(1)) is not None:
                return []
        password = secrets.token_urlsafe(12)
        try:
            await interviewers.create(database, FIRST_INTERVIEWER, password)
        except Conflict:  # another first start was faster, and says so there
            return []
        async with database.writing() as session:
            _, token = await auth.create_token(session, "first token", [Scope.SUBMIT, Scope.STAFF])
        return [f"Interviewer sign-in: {FIRST_INTERVIEWER} {password}", f"API token: {token}"]
    finally:
        await database.close()


@dataclass
class Child:
    """One of ours, and what it takes to start it again."""

    command: str
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)
    pause_seconds: float = 0.0
    start_again_at: float | None = None


class Family:
    """The processes we started: kept running, and ended with us."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._children: dict[str, Child] = {}
        self._suspects: set[int] = set()

    def start_waiting(self, command: str) -> Callable[[], None]:
        """Starts a child that holds back from the database until the returned function is called."""
        waiting, telling = os.pipe()
        self._children[command] = Child(command, self._spawn(command, waiting))
        os.close(waiting)

        def let_go() -> None:
            with contextlib.suppress(BrokenPipeError):  # it ended already; whoever waits for its page says so
                os.write(telling, b"x")
            os.close(telling)

        return let_go

    def wait_for_page(self, settings: Settings) -> None:
        _wait_for_page(self._children["web"], settings)

    def _spawn(self, command: str, waiting: int | None = None) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-m", "app.cli", command, "--parent", str(os.getpid())]
        inherited = []
        if command == "web":
            arguments += ["--fd", str(self._listener.fileno())]
            inherited.append(self._listener.fileno())
        if waiting is not None:
            arguments += ["--wait", str(waiting)]
            inherited.append(waiting)
        return subprocess.Popen(  # noqa: S603 - our own program
            arguments, start_new_session=True, pass_fds=inherited
        )

    def look_after(self, stopping: _Stopping, settings: Settings) -> None:
        """Starts again what ends, and ends what is not heard of; the exception of a signal ends it."""
        look_at = time.monotonic()
        while stopping.signal is None:
            time.sleep(0.2)
            if time.monotonic() >= look_at:
                self._end_silent_worker(settings)
                look_at = time.monotonic() + SILENCE_LOOK_SECONDS
            for child in list(self._children.values()):
                if child.start_again_at is not None:
                    self._start_again_when_due(child)
                elif (status := child.process.poll()) is not None:
                    _plan_to_start_again(child, status)

    def _end_silent_worker(self, settings: Settings) -> None:
        """One that is stopped or stuck, at the second look in a row; it is started again as any other that ended."""
        from app.silence import silent_workers

        silent = asyncio.run(silent_workers(settings.database))
        worker = self._children["worker"].process
        if worker.pid in silent & self._suspects:
            print("The worker process is not heard of any more; ending it.", file=sys.stderr, flush=True)
            worker.kill()
        self._suspects = silent

    def _start_again_when_due(self, child: Child) -> None:
        if child.start_again_at is not None and time.monotonic() >= child.start_again_at:
            process = self._spawn(child.command)
            self._children[child.command] = Child(child.command, process, pause_seconds=child.pause_seconds)

    def end(self) -> None:
        """SIGTERM, then after a while SIGKILL, to all; returns when none is left."""
        for child in self._children.values():
            child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


def _plan_to_start_again(child: Child, status: int) -> None:
    """Half a second after the first end, twice as long after each further one, so that a child that cannot run does
    not keep the machine busy."""
    ran_steadily = time.monotonic() - child.started_at > STEADY_SECONDS
    pause = FIRST_PAUSE_SECONDS if ran_steadily or not child.pause_seconds else child.pause_seconds * 2
    child.pause_seconds = min(pause, LONGEST_PAUSE_SECONDS)
    child.start_again_at = time.monotonic() + child.pause_seconds
    how = f"signal {-status}" if status < 0 else f"status {status}"
    print(
        f"The {child.command} process ended ({how}); starting it again in {child.pause_seconds:g} s.",
        file=sys.stderr,
        flush=True,
    )


def _wait_for_page(child: Child, settings: Settings) -> None:
    """Returns once the first page is answered; raises ``CannotStart`` when it will not be."""
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - compared, not bound
    deadline = time.monotonic() + START_SECONDS
    while child.process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, settings.port, timeout=START_SECONDS)
        try:
            # The port is open already: this waits in its queue until the web process takes it.
            connection.request("GET", "/", headers={"Accept": "text/html"})
            if connection.getresponse().status < 500:
                return
            time.sleep(0.2)
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise CannotStart("The web process did not start; the lines above say why.")


def _say(line: str) -> None:
    print(line, flush=True)
