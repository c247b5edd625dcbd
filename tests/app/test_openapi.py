"""The OpenAPI description is true: whatever is sent, the answer is one it announces."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import auth
from app.config import Settings
from app.database import Database
from app.main import create_app
from app.models import Scope


@dataclass
class Described:
    """A running application, what it says of itself, and the key to it."""

    schema: Any
    url: str
    token: str


@pytest.fixture(scope="module")
def described(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """One application for all examples: what one of them stores may trouble none of the others."""
    folder = tmp_path_factory.mktemp("openapi")
    copy(migrated_file, folder / "handcode.db")
    chosen = Settings(data=folder, token_submissions_per_minute=1_000_000)

    async def make_token() -> str:
        database = Database(chosen.database)
        async with database.writing() as session:
            _, token = await auth.create_token(session, "all", [Scope.SUBMIT, Scope.STAFF])
        await database.close()
        return token

    token = asyncio.run(make_token())
    app = create_app(chosen)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        serving.start()
        schema = schemathesis.openapi.from_dict(app.openapi())
        yield Described(schema, f"http://127.0.0.1:{listener.getsockname()[1]}", token)
        server.should_exit = True
        serving.join()


OPERATIONS = [
    ("GET", "/api/v1/problems"),
    ("GET", "/api/v1/problems/{slug}"),
    ("GET", "/api/v1/submissions"),
    ("POST", "/api/v1/submissions"),
    ("GET", "/api/v1/submissions/{submission_id}"),
]


def test_every_operation_is_tried(described: Described) -> None:
    found = [operation.ok() for operation in described.schema.get_all_operations()]
    assert sorted((one.method.upper(), one.path) for one in found) == sorted(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_every_answer_is_announced(
    described: Described, method: str, path: str, mode: schemathesis.GenerationMode
) -> None:
    operation = described.schema[path][method]
    try:
        cases = operation.as_strategy(generation_mode=mode)
    except Unsatisfiable:
        pytest.skip("there is no wrong way to ask this")

    @given(case=cases)
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        if isinstance(case.query, dict):
            case.query.pop("wait", None)  # it does wait
        case.call_and_validate(
            base_url=described.url,
            headers={"Authorization": f"Bearer {described.token}"},
            checks=[
                not_a_server_error,
                content_type_conformance,
                response_headers_conformance,
                response_schema_conformance,
                status_code_conformance,
            ],
        )

    ask()


def test_every_reference_in_the_description_leads_somewhere(described: Described) -> None:
    written = described.schema.raw_schema
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(written)))
    assert referred
    assert referred <= set(written["components"]["schemas"])


def test_the_description_names_the_errors_and_the_token(described: Described) -> None:
    written = described.schema.raw_schema
    send = written["paths"]["/api/v1/submissions"]["post"]
    assert {"202", "400", "401", "409", "413", "415", "422", "429"} <= set(send["responses"])
    assert send["security"] == [{"HTTPBearer": []}]
    assert "Location" in send["responses"]["202"]["headers"]
    assert not [path for path in written["paths"] if not path.startswith("/api/v1/")]
