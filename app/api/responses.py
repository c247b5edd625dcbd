"""The errors a route may answer with, as OpenAPI wants them written down."""

from __future__ import annotations

from typing import Any

from app.errors import BY_STATUS
from app.schemas import ProblemDetails

# Written out where it is used: FastAPI lists only models that routes answer with, so a reference would lead nowhere.
_SCHEMA = ProblemDetails.model_json_schema()


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route: each status with its title and the one shape errors have."""
    return {
        status: {
            "description": BY_STATUS[status].title,
            "content": {"application/problem+json": {"schema": _SCHEMA}},
        }
        for status in statuses
    }
