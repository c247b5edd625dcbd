"""Whatever a request holds, its answer is the sender's fault or none, of bounded length, and leads to no other host."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.config import Settings
from app.pages import CANDIDATES, STAFF
from tests.app.conftest import AS_PERSON, CODE, Desk, Site, open_site

SUBMISSIONS = "/api/v1/submissions"
STRANGE = (str(10**30), str(2**31), str(2**63), "-1", "0", "", "x", "1.5", "\0", "a" * 5_000)


def routes() -> Iterator[APIRoute]:
    for part in (*CANDIDATES, *STAFF):
        yield from (route for route in part.router.routes if isinstance(route, APIRoute))


def parameters(route: APIRoute, of: str) -> list[str]:
    return [field.alias for field in getattr(route.dependant, f"{of}_params")]


@pytest.mark.parametrize("value", STRANGE)
def test_no_page_breaks_on_a_strange_number_or_word(desk: Desk, value: str) -> None:
    answers = {}
    for route in routes():
        [method] = (route.methods or set()) - {"HEAD"}
        path = route.path
        for name in parameters(route, "path"):
            path = path.replace(f"{{{name}}}", value.replace("\0", "%00") or "%20")
        fields = dict.fromkeys(parameters(route, "body"), value) | {"name": "Lin", "problem": "batchnorm1d"}
        options = {"data": fields} if method == "POST" else {}
        for query in ({}, dict.fromkeys(parameters(route, "query"), value)):
            answer = desk.client.request(method, path, params=query, headers=AS_PERSON, **options)
            answers[f"{method} {route.path} {query.keys()}"] = answer.status_code
    assert len(answers) > 40
    assert {place: status for place, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("value", [*STRANGE, "1" * 5000])
def test_no_form_of_an_invitation_breaks_on_a_strange_candidate(desk: Desk, value: str) -> None:
    form = {"name": "Lin", "problem": "batchnorm1d", "candidate_id": value}
    answer = desk.client.post("/invitations", data=form, headers=AS_PERSON)
    assert answer.status_code == (201 if value == "" else 422), "without a number it is a new candidate"


@pytest.mark.parametrize("path", [f"{SUBMISSIONS}/{10**30}", f"{SUBMISSIONS}?candidate={10**30}"])
def test_no_number_breaks_the_api(site: Site, path: str) -> None:
    assert site.client.get(path, headers=site.headers(staff=True)).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"k" * 100_000: 1},
        {f"key {n}": n for n in range(10_000)},
        {"\ud800": 1},
        {"label": "x" * 100_000},
        {"label": "two\nlines"},
        {"device": 5},
    ],
)
def test_a_refusal_is_short_and_of_one_shape(site: Site, body: dict[str, object]) -> None:
    sent = json.dumps({"problem": "batchnorm1d", "code": CODE, **body})
    headers = {**site.headers(), "Content-Type": "application/json"}
    answer = site.client.post(SUBMISSIONS, content=sent, headers=headers)
    assert answer.status_code == 422
    assert len(answer.content) < 10_000
    problem = answer.json()
    assert problem["code"] == "invalid"
    assert {key for fault in problem["errors"] for key in fault} == {"where", "message"}
    assert problem["detail"].startswith(problem["errors"][0]["where"])


@pytest.mark.parametrize("path", ["/problems/", "/sign-in/", "/api/v1/problems/"])
def test_no_address_leads_to_the_host_that_a_request_names(site: Site, path: str) -> None:
    answer = site.client.get(path, headers={"Host": "evil.test", **AS_PERSON}, follow_redirects=False)
    assert answer.status_code == 404
    assert "evil.test" not in answer.text + str(answer.headers)


@pytest.fixture
def secure(settings: Settings) -> Iterator[TestClient]:
    with open_site(settings.model_copy(update={"public_url": "https://handcode.test"})) as site:
        yield site.client


@pytest.mark.parametrize("path", ["/", "/docs", "/api/v1/problems", "/static/seal.svg", "/static/nothing", "/nowhere"])
def test_https_is_asked_for_everywhere(secure: TestClient, site: Site, path: str) -> None:
    assert secure.get(path).headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in site.client.get(path).headers


@pytest.mark.parametrize("wish", [{"lang": "zh"}, {"theme": "dark"}])
def test_a_wish_is_remembered_as_securely_as_a_session(secure: TestClient, site: Site, wish: dict[str, str]) -> None:
    for client, is_secure in ((secure, True), (site.client, False)):
        answer = client.post("/preferences", data=wish, follow_redirects=False)
        assert ("secure" in answer.headers["set-cookie"].lower()) is is_secure
    assert "secure" in secure.get("/?lang=zh").headers["set-cookie"].lower()
