"""``/docs``: the OpenAPI description in Swagger UI, from our own files, so that it works without the internet."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

router = APIRouter()

# Swagger UI brings a main of its own.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>Handcode API</title>
<link rel="icon" href="/static/seal.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/dist/swagger-ui.css">
</head>
<body>
<header class="swagger-ui"><div class="wrapper">
<p><a href="/">← Handcode</a></p><h1>The API of Handcode</h1>
</div></header>
<div id="docs"></div>
<noscript><main><p>The description itself: <a href="/api/v1/openapi.json">openapi.json</a></p></main></noscript>
<script src="/static/dist/swagger-ui-bundle.js" defer></script>
<script src="/docs/start.js" defer></script>
</body>
</html>
"""

# A file of its own: the content security policy allows no script inside a page.
_START = """addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({ url: "/api/v1/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });
});
"""


@router.get("/docs")
async def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def start_script() -> Response:
    return Response(_START, media_type="text/javascript")
