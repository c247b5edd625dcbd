"""Migrating as it happens: killed half-way, begun twice at once, and refused where the tables are another's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from app.faults import CannotStart
from app.migrating import alembic_config, migrate, newest_version, refuse_other_tables, version

ROOT = Path(__file__).parent.parent.parent

KILLED = """
import json, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from app.migrating import migrate

rehearsal, url, points = sys.argv[1], sys.argv[2], int(sys.argv[3])
done = 0
last = None

def count(*_):
    global done
    done += 1
    if done == last:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "before_cursor_execute", count)
event.listen(Engine, "commit", count)

def run(url, at):
    global last
    last = at
    child = os.fork()
    if child == 0:
        migrate(url)
        os.write(write, str(done).encode())
        os._exit(0)
    return os.waitpid(child, 0)[1]

read, write = os.pipe()
assert run(rehearsal, None) == 0
statements = int(os.read(read, 20))
print(json.dumps([run(url, max(1, statements * point // points)) for point in range(1, points + 1)]))
"""


def python(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finished(process: subprocess.Popen[str]) -> str:
    said, complained = process.communicate()
    assert process.returncode == 0, complained
    return said


def test_killed_at_any_of_ten_points_they_can_be_run_again(empty_database_urls: tuple[str, str]) -> None:
    rehearsal, url = empty_database_urls
    statuses = json.loads(finished(python("-c", KILLED, rehearsal, url, "10")))
    assert statuses == [9] * 10  # each was killed, the last of them when it was to commit
    assert version(url) is None
    migrate(url)
    command.check(alembic_config(url))


def test_of_two_first_starts_at_once_both_find_the_tables(empty_database_urls: tuple[str, str]) -> None:
    url, _ = empty_database_urls
    for process in [python("-c", f"from app.migrating import migrate; migrate({url!r})") for _ in range(3)]:
        finished(process)
    command.check(alembic_config(url))


def mark(url: str, other: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :other"), {"other": other})
    engine.dispose()


def test_other_tables_are_refused_with_both_versions_and_the_command_to_run(
    empty_database_urls: tuple[str, str],
) -> None:
    url, _ = empty_database_urls
    with pytest.raises(CannotStart, match=r"holds no tables yet.*python -m app.cli migrate"):
        refuse_other_tables(url)
    migrate(url)
    mark(url, "9999")
    with pytest.raises(CannotStart, match=f"version 9999.*none newer than version {newest_version()}"):
        refuse_other_tables(url)
    with pytest.raises(CannotStart, match=f"version 9999.*none newer than version {newest_version()}"):
        migrate(url)


@pytest.mark.parametrize("process", ["web", "worker"])
def test_web_and_worker_do_not_start_on_other_tables(process: str, sqlite_url: str) -> None:
    mark(sqlite_url, "9999")
    started = subprocess.run(
        [sys.executable, "-m", "app.cli", process], cwd=ROOT, env=os.environ | {"HANDCODE_DATABASE_URL": sqlite_url},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert started.returncode == 1
    [sentence] = started.stderr.splitlines()
    assert "version 9999" in sentence
