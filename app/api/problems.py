"""``GET problems``: what can be solved here."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.api.responses import problems as errors
from app.auth import require_token
from app.errors import NotFound
from app.schemas import ProblemList, ProblemOut, problem_detail, problem_summary
from judge import problem as problems

router = APIRouter(dependencies=[Depends(require_token)])


@router.get("", response_model=ProblemList, responses=errors(401), summary="Every problem")
async def list_problems() -> Response:
    return _json({"problems": [problem_summary(problem) for problem in problems.load_all()]})


@router.get("/{slug}", response_model=ProblemOut, responses=errors(401, 404, 422), summary="One problem")
async def get_problem(slug: str) -> Response:
    """The statement in every language, the starter, the groups and the limits."""
    try:
        return _json(problem_detail(problems.load(slug)))
    except problems.UnknownProblem as error:
        raise NotFound("There is no such problem; GET /api/v1/problems lists them.") from error


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
