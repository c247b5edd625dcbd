"""``/healthz`` and ``/metrics``: for the machine that looks after this one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import func, select
from starlette.requests import Request

from app import submissions
from app.database import Session
from app.judgings import QUEUED
from app.models import Judging, Worker

router = APIRouter()


@router.get("/healthz")
async def healthz(session: Session) -> JSONResponse:
    """200 when the database answers. ``judging`` says whether a sound worker is there: the web process itself is
    healthy without one, and restarting it would help nobody."""
    found = await submissions.workers(session)
    sound = any(worker.ready and worker.quarantined is None for worker in found)
    return JSONResponse(
        {"status": "ok", "judging": "ok" if sound else "no worker", "workers": [_worker(one) for one in found]}
    )


def _worker(worker: Worker) -> dict[str, Any]:
    return {
        "name": worker.name,
        "queues": worker.queues,
        "slots": worker.slots,
        "ready": worker.ready,
        "quarantined": worker.quarantined,
        "walls": worker.doctor.splitlines() if worker.doctor else [],
        "started_at": worker.started_at.isoformat(),
        "last_seen": worker.last_seen.isoformat(),
    }


@router.get("/metrics")
async def metrics(request: Request, session: Session) -> Response:
    waiting = await session.scalar(select(func.count()).select_from(Judging).where(QUEUED))
    request.app.state.metrics.waiting.set(waiting or 0)
    found = await submissions.workers(session)
    return Response(request.app.state.metrics.render(found), media_type=CONTENT_TYPE_LATEST)
