"""``make bench``: measures the whole product through HTTP against a bare exam and a cold judge, in one run.

Starts a server of its own on a free port with an empty data folder, so nothing of yours is touched. Every table of
figures comes from one run, the compared things taken in turns: only their ratios mean something on another machine.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.bench import bare_exam, cold_milliseconds, example, family, machine, tree_cpu_seconds
from judge.problem import load

ENDLESS = (
    b"import torch.nn as nn\n\n\nclass MyBatchNorm1d(nn.Module):\n    def __init__(self, n):\n        while 1: pass\n"
)
_WARM_UP, _COLD_RUNS = 20, 5
_TURNS, _BARE_A_TURN = 4, 50
_WRONG, _ONE_SHOTS = 25, 3
_REST_SECONDS = 0.3
"""Before each: the cell that the one before took is made anew, and a wrong answer does not pay for the right one."""


@dataclass(frozen=True)
class Server:
    """A running Handcode and the key to its API."""

    port: int
    token: str
    pid: int


class Client:
    """One kept-alive connection to the API."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self._headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request; raises ``RuntimeError`` on anything but a 2xx."""
        self._connection.request(method, f"/api/v1/{path}", json.dumps(body) if body else None, self._headers)
        response = self._connection.getresponse()
        data = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {data[:300]!r}")
        answer: dict[str, Any] = json.loads(data)
        return answer

    def judge(self, code: str, problem: str = "batchnorm1d") -> dict[str, Any]:
        """Submits and waits for the verdict."""
        made = self.ask("POST", "submissions", {"problem": problem, "code": code})
        return self.ask("GET", f"submissions/{made['id']}?wait=60")


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port with an empty data folder; ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="handcode-bench-") as folder:
        settings = {"HANDCODE_PORT": str(port), "HANDCODE_DATA": folder, "HANDCODE_LOG_LEVEL": "WARNING"}
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"], env=os.environ | settings, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Server(port, _token(process), process.pid)
        finally:
            process.terminate()
            process.wait()


def _token(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    for line in process.stdout:
        if found := re.search(r"API token: (hc_\S+)", line):
            return found[1]
    raise RuntimeError("the server ended before it printed a token")


def main() -> int:
    """Prints the tables; returns 0 when every judging that should be accepted was."""
    parser = argparse.ArgumentParser(prog="python -m app.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="submissions one at a time (default 100)")
    parser.add_argument("--load", type=int, default=200, help="submissions at concurrency 8 (default 200)")
    options = parser.parse_args()

    problem = load("batchnorm1d")
    source = example(problem)
    code = source.read_text("utf-8")
    bare = bare_exam(problem, source)
    print(machine())
    cold = [cold_milliseconds(problem, source) for _ in range(_COLD_RUNS)]
    with serving() as server:
        client = Client(server)
        wrong = _wrong_answers()
        await_ready(server)
        first = _timed(client, wrong[0])
        for _ in range(_WARM_UP):
            bare()
            client.judge(code)
        _latency(client, code, bare, options.runs, cold)
        _names(client, code, wrong, first)
        _throughput(server, code, bare, options.load)
        _beside_endless_loop(server, code, options.runs // 2)
        _memory(server)
    _one_shot(source)
    return 0


def _wrong_answers() -> list[str]:
    """Code of wrong samples of the first problem, spread over all there are."""
    files = sorted((load("batchnorm1d").folder / "submissions" / "wrong_answer").glob("*.py"))
    return [file.read_text("utf-8") for file in files[:: max(1, len(files) // _WRONG)]]


def await_ready(server: Server) -> None:
    """Until the worker says so."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        with contextlib.closing(connection):
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)


def _names(client: Client, code: str, wrong: list[str], first: float) -> None:
    """Wrong answers in turns with accepted ones: the verdict, and how long after it the mistakes are named."""
    right_ms, wrong_ms, named_ms = [], [], []
    for sent in wrong:
        time.sleep(_REST_SECONDS)
        right_ms.append(_timed(client, code))
        time.sleep(_REST_SECONDS)
        began = time.perf_counter()
        made = client.ask("POST", "submissions", {"problem": "batchnorm1d", "code": sent})
        client.ask("GET", f"submissions/{made['id']}?wait=60")
        judged = time.perf_counter()
        answer = client.ask("GET", f"submissions/{made['id']}?wait=60&for=diagnoses")
        wrong_ms.append((judged - began) * 1000)
        named_ms.append((time.perf_counter() - judged) * 1000)
        if (answer["verdict"], answer["diagnoses_state"]) != ("wrong_answer", "done"):
            raise RuntimeError(f"a wrong sample: {answer['verdict']}, names {answer['diagnoses_state']}")
    r, w, n = (statistics.median(values) for values in (right_ms, wrong_ms, named_ms))
    print(f"\nWrong answers: {len(wrong)} samples in turns with accepted ones, each named before the next is sent")
    print("| figure | value |\n|---|---|")
    print(f"| accepted, median | {r:.1f} ms |")
    print(f"| wrong, median | {w:.1f} ms |")
    print(f"| wrong / accepted | {w / r:.2f} |")
    print(f"| names after the verdict, median | {n:.1f} ms |")
    print(f"| names after the verdict / accepted | {n / r:.2f} |")
    print(f"| first wrong answer once the worker is ready | {first:.1f} ms |")
    print(f"| first wrong / accepted | {first / r:.2f} |")


def _one_shot(right: Path) -> None:
    """CPU of the command line on one file, everything it starts included."""
    wrong = right.parents[1] / "wrong_answer" / "momentum_reversed_lerp.py"
    used: dict[Path, list[float]] = {right: [], wrong: []}
    for _ in range(_ONE_SHOTS):
        for file, seconds in used.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(  # noqa: S603 - our own code
                [sys.executable, "-m", "judge", "run", "batchnorm1d", str(file)], stdout=subprocess.DEVNULL, check=False
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    r, w = statistics.median(used[right]), statistics.median(used[wrong])
    print(f"\n`judge run` on one file: CPU, median of {_ONE_SHOTS}, in turns")
    print("| figure | value |\n|---|---|")
    print(f"| a right file | {r:.2f} s |")
    print(f"| a wrong file | {w:.2f} s |")
    print(f"| wrong / right | {w / r:.2f} |")


def _latency(client: Client, code: str, bare: Any, runs: int, cold: list[float]) -> None:
    bare_ms, http_ms = [], []
    stages: dict[str, list[float]] = {}
    for _ in range(runs):
        began = time.perf_counter()
        bare()
        bare_ms.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        answer = client.judge(code)
        http_ms.append((time.perf_counter() - began) * 1000)
        if answer["verdict"] != "accepted":
            raise RuntimeError(f"the example was not accepted: {answer['verdict']}")
        for name, value in answer["report"]["timing"]["stages"].items():
            stages.setdefault(name, []).append(value)
    b, h, c = statistics.median(bare_ms), statistics.median(http_ms), statistics.median(cold)
    p95 = statistics.quantiles(http_ms, n=20)[-1]
    print(f"\nLatency: POST, then GET ?wait=, one at a time; {runs} runs in turns with the bare exam, {len(cold)} cold")
    print("| figure | value |\n|---|---|")
    print(f"| bare exam, median | {b:.1f} ms |")
    print(f"| through HTTP, median | {h:.1f} ms |")
    print(f"| through HTTP, 95th percentile | {p95:.1f} ms |")
    print(f"| cold judge, median | {c:.0f} ms |")
    print(f"| HTTP / bare | {h / b:.2f} |")
    print(f"| cold / HTTP | {c / h:.1f} |")
    print(f"| 95th percentile / median | {p95 / h:.2f} |")
    for name, values in stages.items():
        print(f"| stage {name}, median | {statistics.median(values):.2f} ms |")


def _throughput(server: Server, code: str, bare: Any, count: int) -> None:
    """In turns with the bare exam, once the worker has learnt what it learns while idle."""
    _await_idle(server)
    used = bare_used = seconds = 0.0
    verdicts: list[str] = []
    turns = min(_TURNS, count)
    for turn in range(turns):
        began_cpu = time.process_time()
        for _ in range(_BARE_A_TURN):
            bare()
        bare_used += time.process_time() - began_cpu
        before, began = tree_cpu_seconds(server.pid), time.perf_counter()
        verdicts += together(server, [("batchnorm1d", code)] * len(range(turn, count, turns)), concurrency=8)
        seconds += time.perf_counter() - began
        time.sleep(1)  # the cells taken are made anew
        used += tree_cpu_seconds(server.pid) - before
    cpu, bare_cpu = used * 1000 / len(verdicts), bare_used * 1000 / (turns * _BARE_A_TURN)
    print(
        f"\nThroughput: {len(verdicts)} submissions at concurrency 8 through HTTP, in {turns} turns with the bare exam"
    )
    print("| figure | value |\n|---|---|")
    print(f"| accepted | {verdicts.count('accepted')} of {len(verdicts)} |")
    print(f"| verdicts a second | {len(verdicts) / seconds:.1f} |")
    print(f"| CPU a verdict, all processes, refilling included | {cpu:.1f} ms |")
    print(f"| CPU of the bare exam | {bare_cpu:.1f} ms |")
    print(f"| ratio | {cpu / bare_cpu:.2f} |")


def _await_idle(server: Server) -> None:
    """Until its processes use less than a twentieth of a core."""
    while True:
        before = tree_cpu_seconds(server.pid)
        time.sleep(2)
        if tree_cpu_seconds(server.pid) - before < 0.1:
            return


def together(server: Server, codes: list[tuple[str, str]], concurrency: int) -> list[str]:
    """The verdicts on these, each a problem and code for it, so many at a time."""
    waiting, verdicts, lock = list(codes), [], threading.Lock()

    def work() -> None:
        client = Client(server)
        while True:
            with lock:
                if not waiting:
                    return
                problem, code = waiting.pop()
            verdict = client.judge(code, problem)["verdict"]
            with lock:
                verdicts.append(verdict)

    threads = [threading.Thread(target=work) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return verdicts


def _beside_endless_loop(server: Server, code: str, runs: int) -> None:
    """How long an honest submission takes while one core belongs to an endless loop."""
    client = Client(server)
    loops = threading.Thread(target=lambda: Client(server).judge(ENDLESS.decode()))
    alone = [_timed(client, code) for _ in range(runs)]
    loops.start()
    time.sleep(0.2)
    beside: list[float] = []
    while loops.is_alive() and len(beside) < runs:
        beside.append(_timed(client, code))
    loops.join()
    a, b = statistics.median(alone), statistics.median(beside)
    print(
        f"\nBeside an endless loop: {len(beside)} submissions, median {b:.1f} ms; alone {a:.1f} ms; ratio {b / a:.2f}"
    )


def _timed(client: Client, code: str) -> float:
    began = time.perf_counter()
    client.judge(code)
    return (time.perf_counter() - began) * 1000


def _memory(server: Server) -> None:
    """Memory of every process of the server, idle: with its share of what it shares, and its own alone.

    What one more standby cell costs is its own. Pages of the zygote's memory file that no process has mapped belong to
    no process, and have a line of their own.
    """
    time.sleep(2)
    total = mapped = file = 0.0
    print("\nMemory, idle\n| process | proportional set size, MiB | its own, MiB |\n|---|---|---|")
    for pid in sorted(family(server.pid)):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        sizes = {name: int(size) / 1024 for name, size in re.findall(r"^(\w+):\s+(\d+) kB", rollup, re.MULTILINE)}
        share, own = sizes.get("Pss", 0.0), sizes.get("Private_Dirty", 0.0) + sizes.get("Private_Clean", 0.0)
        total += share
        mapped += sizes.get("Pss_Shmem", 0.0)
        file = max(file, _memory_file(pid))
        print(f"| {command.strip()[-60:] or pid} | {share:.1f} | {own:.1f} |")
    unmapped = max(0.0, file - mapped)
    print(f"| the zygote's memory file, where nobody maps it | {unmapped:.1f} | |")
    print(f"| all | {total + unmapped:.1f} | |")


def _memory_file(pid: int) -> float:
    """MiB of the file onto which a zygote moved its memory; 0 without one, or without root's right to look at it."""
    with contextlib.suppress(OSError):
        for mapping in Path(f"/proc/{pid}/map_files").iterdir():
            if str(mapping.readlink()).startswith(("/zygote ", "/memfd:zygote ")):
                return mapping.stat().st_blocks * 512 / 2**20
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
