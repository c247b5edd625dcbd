"""``/livez``, ``/readyz``, ``/metrics`` and ``/workers``: for the machine that looks after this one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request

from app import submissions
from app.auth import Watching
from app.database import Session
from app.errors import Unavailable
from app.models import Worker
from app.readiness import SENTENCES, Readiness

router = APIRouter()


@router.get("/livez")
async def livez() -> JSONResponse:
    """This process answers; nothing else is asked. To start it again helps only where this fails."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """200 while what is sent can be stored and judged, else 503 with each obstacle."""
    readiness: Readiness = request.app.state.readiness
    found = await readiness.obstacles()
    if found:
        errors = [{"where": obstacle, "message": SENTENCES[obstacle]} for obstacle in found]
        raise Unavailable(" ".join(error["message"] for error in errors), errors=errors)
    return JSONResponse({"status": "ready"})


@router.get("/workers")
async def workers(session: Session, _watching: Watching) -> JSONResponse:
    """Each worker that was heard of lately, with what its walls said."""
    return JSONResponse({"workers": [_worker(one) for one in await submissions.workers(session)]})


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
async def metrics(request: Request, session: Session, _watching: Watching) -> Response:
    rendered = await session.run_sync(request.app.state.metrics.render)
    return Response(rendered, media_type=CONTENT_TYPE_LATEST)
