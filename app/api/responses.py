"""The errors a route may answer with, as OpenAPI wants them written down."""

from __future__ import annotations

from typing import Any

from app.errors import BY_STATUS
from app.schemas import ProblemDetails


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route: each status with its title and the one shape errors have."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {
            "description": BY_STATUS[status].title,
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in statuses
    }
