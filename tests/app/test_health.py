"""What Handcode says of itself: alive, ready and if not why, and the numbers for whoever watches it."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from app import judgings, readiness
from app.clock import database_now
from app.config import Settings
from app.database import Database
from app.metrics import StageTimes
from app.migrating import newest_version
from app.models import Device, Judging, Worker
from app.readiness import Obstacle, Readiness
from judge.report import Verdict
from tests.app.conftest import CODE, Desk, Site, open_site

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def watched(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """On both databases, asked anew each time."""
    monkeypatch.setattr(readiness, "CACHE_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "CHECK_SHARE", 0)
    with open_site(Settings(data=tmp_path / "data", database_url=database_url, practice=True)) as opened:
        yield opened


def write(site: Site, *statements: Any) -> None:
    async def run() -> None:
        database = Database(site.app.state.settings.database)
        async with database.writing() as session:
            for statement in statements:
                if isinstance(statement, Worker):
                    session.add(statement)
                else:
                    await session.execute(statement)
        await database.close()

    asyncio.run(run())


def worker(name: str = "w", *, silent_seconds: float = 0, **values: Any) -> Worker:
    made = Worker(
        **{"name": name, "queues": [Device.CPU], "slots": 2, "host": "here", "pid": 1, "ready": True, **values}
    )
    made.last_seen = database_now(-silent_seconds)
    return made


def obstacles(site: Site) -> list[str]:
    answer = site.client.get("/readyz")
    if answer.status_code == 200:
        assert answer.json() == {"status": "ready"}
        return []
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(error["message"] in answer.json()["detail"] for error in answer.json()["errors"])
    return [error["where"] for error in answer.json()["errors"]]


def test_a_live_process_says_so_whatever_else_is_wrong(watched: Site) -> None:
    write(watched, text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        assert watched.client.get("/livez").json() == {"status": "alive"}
        assert obstacles(watched) == [Obstacle.OTHER_TABLES]
        assert "other_tables" in watched.client.get("/readyz").text
    finally:
        write(watched, text("UPDATE alembic_version SET version_num = :ours").bindparams(ours=newest_version()))
    assert watched.client.get("/healthz").status_code == 404


def test_it_is_ready_only_while_a_sound_worker_is_heard_of(watched: Site) -> None:
    assert obstacles(watched) == [Obstacle.NO_WORKER]
    write(watched, worker(ready=False))
    assert obstacles(watched) == [Obstacle.WORKER_STARTING]
    write(watched, update(Worker).values(quarantined="No cell can be made now. /srv/secret"))
    assert obstacles(watched) == [Obstacle.NO_CELLS]
    assert "secret" not in watched.client.get("/readyz").text
    write(watched, update(Worker).values(quarantined=None, ready=True))
    assert obstacles(watched) == []
    write(watched, update(Worker).values(last_seen=database_now(-60)))
    assert obstacles(watched) == [Obstacle.NO_WORKER]


def test_what_waits_for_a_device_that_nobody_serves_is_said(watched: Site) -> None:
    write(watched, worker(queues=[Device.CUDA]))
    assert obstacles(watched) == []
    watched.client.post("/api/v1/submissions", json={"problem": "batchnorm1d", "code": CODE}, headers=watched.headers())
    assert obstacles(watched) == [Obstacle.NO_WORKER_FOR_WHAT_WAITS]


def test_it_is_asked_once_a_second_however_many_ask(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(Readiness, "_look", lambda _: looks.append(1) or [])
    monkeypatch.setattr(readiness, "CACHE_SECONDS", 600.0)
    assert [obstacles(site) for _ in range(5)] == [[]] * 5
    assert len(looks) == 1


def sqlite_file(url: str) -> Path:
    path = Path(url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("first_page", [0, 4])
def test_a_damaged_file_is_seen_also_where_nobody_reads(watched: Site, first_page: int) -> None:
    write(watched, worker())
    assert obstacles(watched) == []
    path = sqlite_file(watched.app.state.settings.database)
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(first_page * 4096)
        file.write(os.urandom(8 * 4096))
    assert obstacles(watched) == [Obstacle.DATABASE_DAMAGED]
    path.write_bytes(whole)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_locked_database_is_said(watched: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write(watched, worker())
    with sqlite3.connect(sqlite_file(watched.app.state.settings.database), isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert obstacles(watched) == [Obstacle.DATABASE_AWAY]
        connection.execute("ROLLBACK")
    connection.close()


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=1536k tmpfs {disk}
cp {source} {disk}/handcode.db
{python} - <<'END'
import asyncio, os, sqlite3
from app.database import Database
from app.readiness import Readiness

def fill():
    left = os.statvfs("{disk}")
    with open("{disk}/rest", "wb") as rest:
        rest.write(b"x" * left.f_bavail * left.f_bsize)

kept = sqlite3.connect("{disk}/handcode.db")  # as the web process has it
kept.execute("SELECT * FROM workers").fetchall()
{before}
print(asyncio.run(Readiness(Database("sqlite:///{disk}/handcode.db")).obstacles()))
END
"""


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("fill()", "database_full"),
        ("kept.close(); fill()", "database_disk"),
        ("kept.close(); os.system('mount -o remount,ro {disk}')", "database_read_only"),
        ("", "no_worker"),
    ],
    ids=["full", "full before it was opened", "read-only", "as it is"],
)
def test_a_disk_that_takes_nothing_is_said(tmp_path: Path, migrated_file: Path, before: str, told: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    sqlite_file(f"sqlite:///{migrated_file}")
    script = ON_A_SMALL_DISK.format(
        disk=disk, source=migrated_file, python=sys.executable, before=before.format(disk=disk)
    )
    tried = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", script],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told in tried.stdout, tried.stderr


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_may_only_be_read_is_said(watched: Site) -> None:
    write(watched, worker())
    write(watched, text("ALTER DATABASE handcode SET default_transaction_read_only = on"))
    try:
        assert obstacles(watched) == [Obstacle.DATABASE_READ_ONLY]
    finally:
        write(
            watched,
            text("SET transaction_read_only = off"),
            text("ALTER DATABASE handcode RESET default_transaction_read_only"),
        )
    assert obstacles(watched) == []


# Numbers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/metrics", "/workers"])
def test_details_are_for_tokens_made_for_them(site: Site, address: str) -> None:
    assert site.client.get(address).status_code == 401
    for staff in (False, True):
        refused = site.client.get(address, headers=site.headers(staff=staff))
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    watching = {"Authorization": f"Bearer {site.metrics_token}"}
    assert site.client.get(address, headers=watching).status_code == 200
    for there in ("/api/v1/problems", "/api/v1/submissions"):
        assert site.client.get(there, headers=watching).status_code == 403


def test_the_page_of_tokens_makes_one_that_only_reads_metrics(desk: Desk) -> None:
    page = desk.client.post("/tokens", data={"name": "prometheus", "scope": "metrics"}).text
    secret = re.search(r"hc_[\w-]{43}", page)
    assert secret
    watching = {"Authorization": f"Bearer {secret[0]}"}
    assert desk.client.get("/metrics", headers=watching).status_code == 200
    assert desk.client.get("/api/v1/problems", headers=watching).status_code == 403
    assert "<td>read metrics</td>" in desk.client.get("/tokens").text


def number(site: Site, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", site.metrics(), re.MULTILINE)
    assert found, series
    return float(found[1])


def test_every_state_has_a_number_also_where_there_is_nothing(watched: Site) -> None:
    for device in Device:
        assert number(watched, f'handcode_queued_judgings{{device="{device}"}}') == 0
        assert number(watched, f'handcode_running_judgings{{device="{device}"}}') == 0
        assert number(watched, f'handcode_oldest_queued_seconds{{device="{device}"}}') == 0
        for state in ("ready", "starting", "interrupted", "silent"):
            assert number(watched, f'handcode_workers{{device="{device}",state="{state}"}}') == 0
    for verdict in Verdict:
        assert number(watched, f'handcode_verdicts_total{{verdict="{verdict}"}}') == 0
    assert number(watched, "handcode_retries_total") == 0
    assert number(watched, "handcode_judge_error_submissions") == 0
    assert number(watched, "process_max_fds") > number(watched, "process_open_fds") > 0
    assert re.search(r'handcode_build_info{.*version="\d+\.\d+', watched.metrics())


def test_the_queue_and_the_workers_are_told_as_they_are(watched: Site) -> None:
    code = {"problem": "batchnorm1d", "code": CODE}
    for _ in range(3):
        watched.client.post("/api/v1/submissions", json=code, headers=watched.headers())
    write(
        watched,
        update(Judging).where(Judging.id == 1).values(state="running", lease_until=database_now(60)),
        update(Judging).where(Judging.id == 2).values(created_at=database_now(-90)),
        worker("a"), worker("b", ready=False), worker("c", silent_seconds=60),
        worker("d", ready=False, quarantined="No cell can be made now.", queues=[Device.CUDA]),
    )  # fmt: skip
    assert number(watched, 'handcode_queued_judgings{device="cpu"}') == 2
    assert number(watched, 'handcode_running_judgings{device="cpu"}') == 1
    assert 90 <= number(watched, 'handcode_oldest_queued_seconds{device="cpu"}') < 3600
    for device, state in (("cpu", "ready"), ("cpu", "starting"), ("cpu", "silent"), ("cuda", "interrupted")):
        assert number(watched, f'handcode_workers{{device="{device}",state="{state}"}}') == 1


def test_what_workers_told_is_summed_up_and_outlives_them(watched: Site) -> None:
    times = StageTimes()
    times.observe(Verdict.ACCEPTED, {"judging": 12.0})
    times.observe_fault(given_up=False)
    write(watched, worker("a", metrics=times.to_dict()), worker("b", metrics=times.to_dict()))
    accepted = 'handcode_verdicts_total{verdict="accepted"}'
    assert (number(watched, accepted), number(watched, "handcode_retries_total")) == (2, 2)
    times.observe(Verdict.ACCEPTED, {"judging": 900.0})
    times.observe_fault(given_up=True)
    write(watched, update(Worker).where(Worker.name == "a").values(metrics=times.to_dict()))
    assert number(watched, accepted) == 3
    write(watched, text("DELETE FROM workers"))
    assert number(watched, accepted) == 3
    assert number(watched, 'handcode_verdicts_total{verdict="judge_error"}') == 1
    assert number(watched, 'handcode_stage_seconds_count{stage="judging"}') == 3
    assert number(watched, 'handcode_stage_seconds_bucket{le="0.015",stage="judging"}') == 2
    assert number(watched, 'handcode_stage_seconds_sum{stage="judging"}') == pytest.approx(0.924)
    assert "worker=" not in watched.metrics()


def test_a_judging_that_is_given_up_is_counted_in_the_database(watched: Site) -> None:
    watched.client.post("/api/v1/submissions", json={"problem": "batchnorm1d", "code": CODE}, headers=watched.headers())
    lost = {"state": "running", "attempt": judgings.MAX_ATTEMPTS, "lease_until": database_now(-1)}

    async def lose() -> None:
        database = Database(watched.app.state.settings.database)
        async with database.writing() as session:
            await session.execute(update(Judging).values(**lost))
        await database.change(judgings.recover)
        await database.close()

    asyncio.run(lose())
    assert number(watched, "handcode_judge_error_submissions") == 1
