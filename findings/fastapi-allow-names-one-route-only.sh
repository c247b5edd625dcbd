#!/bin/sh
# FastAPI 0.165.0 with Starlette 1.10.0.
# Expected: a path with a GET route and a POST route answers PATCH with 405 and `Allow: GET, POST`, and HEAD like GET, as Starlette's
# own routes do (RFC 9110: Allow lists the methods of the resource; HEAD is GET without content).
# Instead: Allow names the methods of the first route of that path only, and HEAD is answered with 405.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check fastapi==0.165.0 starlette==1.10.0 httpx==0.28.1
cd "$folder"
cat > seen.py << 'PYTHON'
import asyncio

import fastapi, httpx
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

app = FastAPI()


@app.post("/thing")
def make() -> str:
    return "made"


@app.get("/thing")
def show() -> str:
    return "shown"


async def plain(request):
    return PlainTextResponse("shown")


async def ask(application, method):
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, "/thing")
        return answer.status_code, answer.headers.get("allow")


async def main() -> None:
    starlette = Starlette(routes=[Route("/thing", plain)])
    seen = {method: await ask(app, method) for method in ("PATCH", "HEAD")}
    print("FastAPI", fastapi.__version__, "- status and Allow:", seen, "- Starlette's HEAD:", await ask(starlette, "HEAD"))
    assert seen == {"PATCH": (405, "POST"), "HEAD": (405, "POST")}, "the behaviour is not as stated"
    assert (await ask(starlette, "HEAD"))[0] == 200, "the behaviour is not as stated"


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" seen.py
echo "as stated"
