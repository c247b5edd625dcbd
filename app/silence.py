"""A worker that lives and is not heard of: stopped, or stuck. It is ended, for whoever started it to start another."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from app.clock import database_now
from app.database import DATABASE_AWAY, Database
from app.models import Worker
from app.processes import pid_namespace

SILENCE_SECONDS = 30.0
"""Six heartbeats."""
LOOK_AGAIN_SECONDS = 10.0
"""Twice a heartbeat: whoever only could not write for a while has been heard of by then."""


async def silent_workers(url: str) -> set[int]:
    """The process numbers of workers of this machine or container that live and have not been heard of.

    Asked in a writing transaction: while nobody can write, nobody can be heard of, and nobody is silent.
    """
    database = Database(url, pool_size=1)
    try:
        async with database.writing() as session:
            silent = Worker.last_seen < database_now(-SILENCE_SECONDS)
            found = await session.scalars(select(Worker.pid).where(Worker.host == pid_namespace(), silent))
            return {pid for pid in found if _is_worker(pid)}
    except DATABASE_AWAY:
        return set()
    finally:
        await database.close()


async def why_nothing_is_judged(url: str) -> str | None:
    """Why no worker of this machine or container takes work, in a sentence; None when one does."""
    database = Database(url, pool_size=1)
    try:
        async with database.reading() as session:
            heard_of = Worker.last_seen > database_now(-SILENCE_SECONDS)
            found = (await session.scalars(select(Worker).where(Worker.host == pid_namespace(), heard_of))).all()
    finally:
        await database.close()
    if not found:
        return "No worker here was heard of lately."
    if any(worker.ready for worker in found):
        return None
    return next((worker.quarantined for worker in found if worker.quarantined), "The worker here is still starting.")


async def end_silent_workers(url: str) -> set[int]:
    """Ends those that are still silent at a second look; returns their process numbers."""
    suspects = await silent_workers(url)
    if suspects:
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        suspects &= await silent_workers(url)
    for pid in suspects:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # nothing else reaches a process that is stopped
    return suspects


def _is_worker(pid: int) -> bool:
    """Whether the process of that number is a worker still: numbers are used again."""
    try:
        return b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
