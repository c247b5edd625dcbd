"""``python -m app.steady``: the memory of a worker over many judgings of every kind, names looked for as well.

Starts a server of its own, like ``app.bench``. What the first 300 leave is where a worker settles; after them it should
stay within 5 %.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from pathlib import Path

from app.bench import Server, await_ready, serving, together
from judge.bench import family
from judge.problem import load_all

SETTLED_AFTER = 300
ALLOWED = 0.05
_A_LOOK = 100


def main() -> int:
    """Prints a table; exit status 1 where memory left its bounds."""
    parser = argparse.ArgumentParser(prog="python -m app.steady", description=__doc__)
    parser.add_argument("--judgings", type=int, default=2000)
    count = parser.parse_args().judgings
    codes = itertools.cycle(_codes())
    print(f"Memory of the worker over {count} judgings, four at a time\n\n| judgings | its own, MiB |\n|---|---|")
    looks: list[float] = []
    with serving() as server:
        await_ready(server)
        for done in range(_A_LOOK, count + 1, _A_LOOK):
            together(server, list(itertools.islice(codes, _A_LOOK)), 4)
            own = _own_mebibytes(server)
            print(f"| {done} | {own:.1f} |", flush=True)
            if done >= SETTLED_AFTER:
                looks.append(own)
    furthest = max(abs(look / looks[0] - 1) for look in looks)
    print(f"\nFurthest from what it was after {SETTLED_AFTER}: {furthest:.1%}")
    return 0 if furthest <= ALLOWED else 1


def _codes() -> list[tuple[str, str]]:
    """Problem and code of every sample submission but those that only wait for their limit."""
    return [
        (problem.slug, path.read_bytes().decode("utf-8", "replace"))
        for problem in load_all()
        for path in sorted(problem.folder.glob("submissions/*/*.py"))
        if path.parent.name != "time_limit"
    ]


def _own_mebibytes(server: Server) -> float:
    """What the worker process shares with nobody."""
    for pid in family(server.pid):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # a cell's that ended meanwhile
            continue
        if b"app.cli\0worker" in command:
            return sum(int(kibibytes) for kibibytes in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.M)) / 1024
    raise RuntimeError("the worker process ended")


if __name__ == "__main__":
    sys.exit(main())
