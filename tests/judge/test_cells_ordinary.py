"""What is right in an ordinary process is right in a cell: files that ask for more of the machine than torch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cell_jobs import run

from judge.cells import Cells, Ended


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(standby=2)
    yield made
    made.close()


ORDINARY = {
    "arguments of a file run by name": (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--eps', default=1e-5, type=float)\n"
        "print(parser.parse_args().eps, parser.prog)",
        "1e-05 solution.py",
    ),
    "who and where": (
        "import getpass, os\nfrom pathlib import Path\n"
        "print(getpass.getuser(), Path.home(), os.environ['HOME'], Path('~').expanduser())\n"
        "(Path.home() / 'note').write_text('x')",
        "candidate /tmp /tmp /tmp",
    ),
    "time zones": (
        "from datetime import datetime\nfrom zoneinfo import ZoneInfo\n"
        "print(datetime(2026, 1, 1, tzinfo=ZoneInfo('Asia/Shanghai')).utcoffset())",
        "8:00:00",
    ),
    "an event loop, woken from a thread": (
        "import asyncio\n"
        "async def main():\n"
        "    await asyncio.sleep(0.001)\n"
        "    return await asyncio.to_thread(sum, [1, 2, 3])\n"
        "print(asyncio.run(main()), asyncio.run(main()))",
        "6 6",
    ),
    "threads between operations": (
        "import torch\ntorch.set_num_interop_threads(2)\ntorch.set_num_threads(2)\n"
        "print(torch.get_num_threads(), float((torch.ones(300, 300) @ torch.ones(300, 300)).sum()))",
        "2 27000000.0",
    ),
    "a scripted function after a form feed": (
        "import torch\n\x0c\n@torch.jit.script\ndef twice(x):\n    return x + x\nprint(twice(torch.ones(1)))",
        "tensor([2.])",
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_a_file_finds_an_ordinary_small_machine(name: str, cells: Cells) -> None:
    source, expected = ORDINARY[name]
    outcome = run(cells, source)
    assert (outcome.ended, outcome.stdout.decode().strip()) == (Ended.FINISHED, expected), outcome.stderr.decode()
    assert outcome.stderr == b""


COMPILED = """
import torch

@torch.compile
def square(x):
    return x * x

@torch.compile(dynamic=True)
def cube(x):
    return x * x * x

layer = torch.compile(torch.nn.Linear(2, 2))
layer.compile()
print(square(torch.tensor(3.0)), cube(torch.tensor(2.0)), type(layer).__name__)
"""


def test_code_to_be_compiled_runs_as_it_is_written_and_the_file_is_told_once(cells: Cells) -> None:
    outcome = run(cells, COMPILED)
    assert outcome.stdout == b"tensor(9.) tensor(8.) Linear\n", outcome.stderr.decode()
    assert (
        outcome.stderr
        == b"torch.compile: there is no compiler here; the code runs uncompiled, with the same results.\n"
    )


IMPOSSIBLE = {
    "network": "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "programs": "import subprocess\nsubprocess.run(['/usr/bin/env'])",
    "writing elsewhere": "open('/note', 'w')",
    "packages": "import pandas",
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_the_statement_says_is_not_there_is_refused_with_an_ordinary_error(name: str, cells: Cells) -> None:
    attempt = IMPOSSIBLE[name].replace("\n", "; ")
    outcome = run(cells, f"try:\n    {attempt}\nexcept (OSError, ImportError):\n    print('refused')")
    assert outcome.stdout == b"refused\n", outcome.stderr.decode()
