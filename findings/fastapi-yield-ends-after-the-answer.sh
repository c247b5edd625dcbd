#!/bin/sh
# FastAPI 0.165.0 with Starlette 1.10.0.
# Expected: code after `yield` in a dependency runs before the answer leaves, so that a failed commit there is answered with 500.
# Instead: by default it runs after the answer has been sent; the client reads 200 and the commit fails behind its back.
# Depends(..., scope="function") does what one expects.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check fastapi==0.165.0 starlette==1.10.0 httpx==0.28.1
cd "$folder"
cat > seen.py << 'PYTHON'
import asyncio
from typing import Annotated

import fastapi, httpx
from fastapi import Depends, FastAPI

app = FastAPI()


def session():
    yield "session"
    raise RuntimeError("the commit failed")


@app.post("/default")
def default(session: Annotated[str, Depends(session)]) -> str:
    return "saved"


@app.post("/function")
def function(session: Annotated[str, Depends(session, scope="function")]) -> str:
    return "saved"


async def main() -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        seen = {path: (await client.post(path)).status_code for path in ("/default", "/function")}
    print("FastAPI", fastapi.__version__, "- status of a request whose commit failed:", seen)
    assert seen == {"/default": 200, "/function": 500}, "the behaviour is not as stated"


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" seen.py
echo "as stated"
