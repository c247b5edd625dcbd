"""HEAD on every route, and what an address says it takes."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import iter_route_contexts

from tests.app.conftest import CODE, Site


def taken(site: Site) -> dict[str, set[str]]:
    """The methods of every address, with a number in place of each parameter."""
    found: dict[str, set[str]] = {}
    for route in iter_route_contexts(site.app.router.routes):
        if route.methods:
            found.setdefault(re.sub(r"{\w+}", "1", route.path or ""), set()).update(route.methods)
    assert {"GET", "POST"} <= found["/problems/1"]
    return found


def test_head_says_what_get_says_without_the_body(site: Site) -> None:
    for address, methods in taken(site).items():
        if "GET" not in methods:
            continue
        got = site.client.get(address, follow_redirects=False)
        head = site.client.head(address, follow_redirects=False)
        assert (head.content, head.status_code) == (b"", got.status_code), address
        assert head.headers.get("content-type") == got.headers.get("content-type"), address


def test_head_does_not_stay_for_a_stream(site: Site) -> None:
    sent = site.client.post("/problems/batchnorm1d", data={"code": CODE, "action": "run"}, follow_redirects=False)
    number = sent.headers["location"].partition("=")[2].partition("#")[0]
    head = site.client.head(f"/problems/batchnorm1d/submissions/{number}/events")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


def test_allow_names_every_method_of_the_address(site: Site) -> None:
    for address, methods in taken(site).items():
        refused = site.client.request("PATCH", address)
        assert refused.status_code == 405, address
        expected = methods | {"HEAD"} if "GET" in methods else methods
        assert set(refused.headers["allow"].split(", ")) == expected, address


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_files_are_only_for_reading(site: Site, method: str) -> None:
    refused = site.client.request(method, "/static/dist/pages.js")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_counted_under_its_own_route(site: Site) -> None:
    site.client.head("/problems/batchnorm1d")
    counted = site.metrics()
    assert re.search(r'method="HEAD",route="/problems/\{slug\}"', counted)
