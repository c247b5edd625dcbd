"""Tries to break each wall of the sandbox from inside real cells, and says of each what it found and what to do.

The same probes run on the command line and in a worker before it claims work.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from judge.cell import landlock, ordinary
from judge.cells import CellFault, CellOutcome, Cells, Ended
from judge.problem import Limits
from judge.sandbox.box import telling_places
from judge.sandbox.cgroups import Mode

_MIB = 1024 * 1024
_LIMITS = Limits(
    wall_seconds=30.0,
    cpu_seconds=20.0,
    memory_bytes=128 * _MIB,
    processes=16,
    output_bytes=64 * 1024,
    file_bytes=_MIB,
    files=64,
)
"""Those of an ordinary problem, with time enough for a busy machine."""

_MENDED_BUBBLEWRAP = (0, 12, 0)
"""The first version in which an advisory on its set-up of mounts is mended; ours passes no path a candidate chose."""


@dataclass(frozen=True)
class Probe:
    """One wall: whether it held, whether judging must stop without it, what was seen, and what to do."""

    name: str
    held: bool
    required: bool
    detail: str
    advice: str = ""

    def line(self) -> str:
        """One line for a person."""
        mark = "ok  " if self.held else ("FAIL" if self.required else "warn")
        return f"{mark} {self.name}: {self.detail}" + ("" if self.held or not self.advice else f" {self.advice}")


_INSIDE = {
    "network": ("network", "no socket of any family can be made"),
    "namespaces": ("nested namespaces", "no namespace can be made inside a cell"),
    "host_files": ("files of the host", "none is visible, and nothing but /tmp can be written"),
    "other_processes": ("other processes", "none can be seen, signalled or traced"),
    "environment": ("secrets", "no variable of this machine, no inherited descriptor, no host name"),
    "rights": ("rights", "no capability, none to gain, root of nothing"),
    "kernel_calls": ("system calls", "the filter refuses what its table refuses"),
    "landlock": ("Landlock", "writing is confined to /tmp and harmless devices"),
    "left_behind": ("other cells", "nothing of the cell before is left"),
}


def run(say: Callable[[str], None] = print) -> bool:
    """Starts a box, tries every wall, says one line each; whether all required walls hold."""
    probes = _environment_probes()
    for probe in probes:
        say(probe.line())
    try:
        cells = Cells(standby=1)
    except CellFault as fault:
        say(Probe("cells", False, True, str(fault)).line())
        return False
    try:
        found = probe_walls(cells)
    except CellFault as fault:
        found = [Probe("cells", False, True, str(fault))]
    finally:
        cells.close()
    for probe in found:
        say(probe.line())
    return all(probe.held for probe in [*probes, *found] if probe.required)


def complaint(probes: list[Probe]) -> str | None:
    """The required walls that did not hold, in a sentence; None when all held."""
    broken = [f"{probe.name}: {probe.detail}" for probe in probes if probe.required and not probe.held]
    return f"The sandbox does not hold ({'; '.join(broken)}); ask `python -m judge doctor`." if broken else None


def probe_walls(cells: Cells) -> list[Probe]:
    """Tries every wall from inside cells; takes about a second. Raises ``CellFault`` where that cannot be tried now,
    which says nothing of the walls."""
    return [
        _canary(cells),
        _interpreter(cells),
        _cgroups(cells),
        _namespace_count(cells),
        *_inside(cells),
        *_limits(cells),
    ]


def _environment_probes() -> list[Probe]:
    return [_bubblewrap(), _user(), _telling_places()]


def _bubblewrap() -> Probe:
    path = shutil.which("bwrap")
    if path is None:
        return Probe("bubblewrap", False, True, "not installed.", "On Debian: apt install bubblewrap.")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = tuple(map(int, re.findall(r"\d+", said)[:3]))
    shown = ".".join(map(str, version)) or "unknown"
    advice = "Debian 13 has 0.12.0, which mends an advisory; the walls inside cells do not depend on it."
    return Probe("bubblewrap", version >= _MENDED_BUBBLEWRAP, False, f"version {shown}.", advice)


def _user() -> Probe:
    if os.geteuid() == 0:
        return Probe("user", True, False, "started as root; every cell gets an unused user of its own")
    detail = "started as an ordinary user; cells share it, each in a user namespace of its own"
    return Probe("user", True, False, detail)


def _telling_places() -> Probe:
    places = telling_places()
    detail = f"code in a cell can read of {', '.join(places)}." if places else "code in a cell can read of none"
    advice = "Run `make clean setup`, with PYTHON=/usr/bin/python3 if the interpreter's own folder is named."
    return Probe("folders of this machine", not places, False, detail, advice)


def _canary(cells: Cells) -> Probe:
    source = "import torch\nx = torch.ones(4, 3)\nprint((x - x.mean(0)).sum().item(), flush=True)\n"
    outcome = cells.run(_job(source), _LIMITS)
    held = outcome.ended is Ended.FINISHED and outcome.stdout == b"0.0\n"
    return Probe("honest code", held, True, "runs as it should" if held else f"does not run: {outcome.ended}.")


def _interpreter(cells: Cells) -> Probe:
    inside = cells.run(_job("import sys\nprint(sys.version, end='', flush=True)\n"), _LIMITS).stdout.decode(
        "utf-8", "replace"
    )
    held = inside == sys.version
    detail = f"a cell runs Python {inside.split(' ')[0] or 'of no version'}" + ("" if held else f", not {sys.version}.")
    advice = "The loader finds another libpython in the box; make .venv anew with an interpreter below /usr."
    return Probe("interpreter", held, True, detail, advice)


def _cgroups(cells: Cells) -> Probe:
    advice = "Delegate a control group to the worker (systemd: Delegate=yes) for limits kept by the kernel."
    return Probe("control groups", cells.mode is not Mode.NONE, False, f"limits are kept by {cells.mode}.", advice)


def _namespace_count(cells: Cells) -> Probe:
    held = cells.counts_namespaces
    detail = "the kernel allows no further one in a cell" if held else "only the system call filter stops further ones."
    advice = "A container engine keeps /proc/sys read-only; nothing needs to be done."
    return Probe("count of namespaces", held, False, detail, advice)


def _inside(cells: Cells) -> list[Probe]:
    """Runs the program twice, so that the second finds what the first left."""
    outside = Path(__file__).resolve()
    program = (outside.parent / "doctor_program.py").read_text("utf-8")
    hidden = [str(outside.parent), str(outside.parent.parent)]
    if Path.home() != Path("/"):  # as a service's user may have it; the box has a root folder too
        hidden.append(str(Path.home()))
    settings = [
        f"HOST_PATHS += {hidden!r}",
        f"VARIABLES |= {ordinary.VARIABLES!r}",
        f"DEVICE = {cells.device!r}",
        f"KEEPS_GROUPS = {os.geteuid() != 0}",
    ]
    source = "\n".join([program, *settings, _PROGRAM_TAIL])
    outcomes = [cells.run(_job(source), _LIMITS) for _ in range(2)]
    probes: list[Probe] = []
    for key, (name, sentence) in _INSIDE.items():
        broken = [problem for outcome in outcomes if (problem := _answer(outcome, key)) is not None]
        required, advice = key != "landlock" or landlock.abi() > 0, _ADVICE
        if key == "landlock" and not required:
            broken = ["this kernel has no Landlock; mounts and permissions stand alone."]
            advice = "Linux has it from 5.13 on, where it was built with it."
        probes.append(Probe(name, not broken, required, sentence if not broken else broken[0], advice))
    return probes


_PROGRAM_TAIL = "main()\n"
_ADVICE = "Do not judge here; report this with the kernel's version."


def _answer(outcome: CellOutcome, key: str) -> str | None:
    try:
        answers = json.loads(outcome.stdout)
        answer = answers[key]
    except (ValueError, KeyError, TypeError):
        return f"the probe did not run: {outcome.ended}, {outcome.stderr[-200:].decode('utf-8', 'replace')!r}"
    return None if answer is None else str(answer)


_FORK_UNTIL_REFUSED = """
import os, time
made = 0
try:
    while made < 200:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except OSError:
    pass
print(made, flush=True)
"""
_WRITE_TOO_MUCH = """
try:
    with open('/tmp/big', 'wb') as file:
        for _ in range(64):
            file.write(bytes(65536))
            file.flush()
    print('written', flush=True)
except OSError:
    print('refused', flush=True)
"""


def _limits(cells: Cells) -> list[Probe]:
    """Goes past each limit and looks whether that limit, and no other, ends it; side by side, as they mostly wait."""
    attempts = [
        partial(_ends, cells, "memory limit", "x = bytearray(1 << 30)", Ended.MEMORY_LIMIT),
        partial(_ends, cells, "shared memory limit", _SHARED_MEMORY, Ended.MEMORY_LIMIT),
        partial(_ends, cells, "CPU limit", "while True: pass", Ended.CPU_LIMIT, cpu_seconds=0.1),
        partial(_ends, cells, "wall limit", "import time; time.sleep(60)", Ended.WALL_LIMIT, wall_seconds=0.1),
        partial(_ends, cells, "output limit", "while True: print('x' * 4096)", Ended.OUTPUT_LIMIT),
        partial(_process_limit, cells),
        partial(_prints, cells, "file size limit", _WRITE_TOO_MUCH, "refused"),
    ]
    with ThreadPoolExecutor(len(attempts)) as pool:
        return [running.result() for running in [pool.submit(attempt) for attempt in attempts]]


_SHARED_MEMORY = """
import mmap
area = mmap.mmap(-1, 1 << 30)
for place in range(0, 1 << 30, 4096):
    area[place] = 1
"""


def _ends(cells: Cells, name: str, source: str, expected: Ended, **changed: float) -> Probe:
    outcome = cells.run(_job(source), Limits(**{**_LIMITS.__dict__, **changed}))
    held = outcome.ended is expected
    return Probe(name, held, True, "ends what passes it" if held else f"ended as {outcome.ended}.", _ADVICE)


def _process_limit(cells: Cells) -> Probe:
    outcome = cells.run(_job(_FORK_UNTIL_REFUSED), _LIMITS)
    made = outcome.stdout.decode("utf-8", "replace").strip()
    held = made.isdigit() and 0 < int(made) < _LIMITS.processes
    return Probe("process limit", held, True, f"{made or 'no'} processes of {_LIMITS.processes} were made", _ADVICE)


def _prints(cells: Cells, name: str, source: str, expected: str) -> Probe:
    outcome = cells.run(_job(source), _LIMITS)
    held = outcome.stdout.decode("utf-8", "replace").strip() == expected
    return Probe(name, held, True, "ends what passes it" if held else f"saw {outcome.stdout[:80]!r}.", _ADVICE)


def _job(source: str) -> bytes:
    """A job without scenarios: only the file's top level runs."""
    header = {"tensors": [], "device": "cpu", "rank": 2, "random": 1, "class_names": ["Nothing"], "scenarios": []}
    encoded = json.dumps(header).encode()
    return struct.pack("<I", len(encoded)) + encoded + source.encode()
