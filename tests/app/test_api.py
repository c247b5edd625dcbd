"""The REST API as CI meets it: answers, errors, who may see what."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from httpx2 import Response

from app import judgings
from app.database import Database
from app.limits import RateLimiter
from app.models import Device, Kind
from judge.report import Report, Verdict
from tests.app.conftest import CODE, Site
from tests.app.reports import SECRETS, make_report

SUBMISSIONS = "/api/v1/submissions"


def post(site: Site, body: object = None, *, staff: bool = False, **headers: str) -> Response:
    wanted = {"problem": "batchnorm1d", "code": CODE} if body is None else body
    return site.client.post(SUBMISSIONS, json=wanted, headers={**site.headers(staff=staff), **headers})


def judge_next(site: Site, verdict: Verdict = Verdict.WRONG_ANSWER) -> Report:
    """Does what a worker would, with a report that is full of secrets."""
    report = make_report(verdict)

    async def judge() -> None:
        database = Database(site.app.state.settings.database)
        claim = await database.change(judgings.claim_next, "w", list(Device), site.app.state.queue.lease)
        assert claim is not None
        assert await database.change(judgings.finish, claim, report)
        await database.close()

    asyncio.run(judge())
    return report


def assert_problem(answer: Response, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert answer.status_code == status == problem["status"], problem
    assert problem["detail"]
    if code is not None:
        assert problem["code"] == code
    return problem


def count(site: Site) -> int:
    answer = site.client.get(SUBMISSIONS, headers=site.headers(staff=True))
    return len(answer.json()["submissions"])


# Sending ------------------------------------------------------------------------------------------------------------


def test_a_submission_is_accepted_for_judging(site: Site) -> None:
    answer = post(site, {"problem": "batchnorm1d", "code": CODE, "label": "commit 1"})
    assert answer.status_code == 202
    sent = answer.json()
    assert answer.headers["location"] == f"{SUBMISSIONS}/{sent['id']}" == sent["url"]
    assert (sent["state"], sent["verdict"], sent["report"], sent["label"]) == ("queued", None, None, "commit 1")
    assert site.client.get(sent["url"], headers=site.headers()).json() == sent


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"problem": "batchnorm1d", "code": ""}, 422, "invalid_code"),
        ({"problem": "batchnorm1d", "code": " \n"}, 422, "invalid_code"),
        ({"problem": "batchnorm1d", "code": "x\0"}, 422, "invalid_code"),
        ({"problem": "batchnorm1d", "code": "#" * 65537}, 413, "code_too_large"),
        ({"problem": "batchnorm1d", "code": "#" * 600_000}, 413, "too_large"),
        ({"problem": "batchnorm1d", "code": 5}, 422, "invalid"),
        ({"problem": "batchnorm1d"}, 422, "invalid"),
        ({"problem": "batchnorm1d", "code": CODE, "verdict": "accepted"}, 422, "invalid"),
        ({"problem": "nix", "code": CODE}, 422, "unknown_problem"),
        ({"problem": "batchnorm1d", "code": CODE, "device": "tpu"}, 422, "unknown_device"),
        ({"problem": "batchnorm1d", "code": CODE, "device": "cuda"}, 422, "no_worker_for_device"),
        ({"problem": "batchnorm1d", "code": CODE, "label": "a\nb"}, 422, "invalid"),
        ([], 422, "invalid"),
        ("text", 422, "invalid"),
    ],
)
def test_what_is_wrong_with_a_submission_is_said_and_nothing_stored(
    site: Site, body: object, status: int, code: str
) -> None:
    assert_problem(post(site, body), status, code)
    assert count(site) == 0


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b'{"problem": "batchnorm1d", "code": "\xff"}', 400),
        (b'{"problem": "batchnorm1d", "code": "x = \'\\ud800\'"}', 422),
        (b'{"problem": "batchnorm1d", "code": "\\u0000"}', 422),
        (b"[" * 100_000, 400),
        (b'{"problem": NaN, "code": "x"}', 422),
    ],
)
def test_a_body_that_cannot_be_read_is_said_and_nothing_stored(site: Site, content: bytes, status: int) -> None:
    headers = {**site.headers(), "Content-Type": "application/json"}
    assert_problem(site.client.post(SUBMISSIONS, content=content, headers=headers), status)
    assert count(site) == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"problem": ', "The body is not JSON: Expecting value at character 12."),
        (b'{"code": "\xff"}', "The body is not UTF-8: byte 10 cannot be read."),
        (b'{"problem": "batchnorm1d", "code": ""}', "The code is empty."),
        (b'{"problem": "batchnorm1d", "code": "x", "device": "tpu"}', "There is no device 'tpu'; use cpu or cuda."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(site: Site, content: bytes, sentence: str) -> None:
    headers = {**site.headers(), "Content-Type": "application/json"}
    assert site.client.post(SUBMISSIONS, content=content, headers=headers).json()["detail"] == sentence


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_that_does_not_say_it_is_json_is_refused(site: Site, media_type: str | None) -> None:
    content = json.dumps({"problem": "batchnorm1d", "code": CODE}).encode()
    headers = site.headers() if media_type is None else {**site.headers(), "Content-Type": media_type}
    assert_problem(site.client.post(SUBMISSIONS, content=content, headers=headers), 415, "wrong_media_type")
    assert count(site) == 0


def test_a_body_in_endless_chunks_is_cut(site: Site) -> None:
    headers = {**site.headers(), "Content-Type": "application/json"}
    answer = site.client.post(SUBMISSIONS, content=(b" " * 65536 for _ in range(20)), headers=headers)
    assert_problem(answer, 413, "too_large")


def test_the_answer_to_bad_code_does_not_repeat_it(site: Site) -> None:
    answer = post(site, {"problem": "batchnorm1d", "code": ["SECRET TEXT"]})
    assert "SECRET TEXT" not in answer.text


@pytest.mark.parametrize("key", ["x" * 256, "\x07", ""])
def test_a_bad_idempotency_key_is_refused(site: Site, key: str) -> None:
    assert_problem(post(site, **{"Idempotency-Key": key}), 422)
    assert count(site) == 0


def test_the_same_key_is_the_same_submission(site: Site) -> None:
    first, again = (post(site, **{"Idempotency-Key": "run 7"}) for _ in range(2))
    assert (again.status_code, again.json()) == (202, first.json())
    other = {"problem": "batchnorm2d", "code": CODE}
    assert_problem(post(site, other, **{"Idempotency-Key": "run 7"}), 409, "idempotency_conflict")
    assert post(site, other, staff=True, **{"Idempotency-Key": "run 7"}).status_code == 202, "keys of another token"
    assert count(site) == 2


# Waiting and reading ------------------------------------------------------------------------------------------------


def test_what_is_waited_for_is_one_of_two(site: Site) -> None:
    url = post(site).json()["url"]
    assert_problem(site.client.get(url, params={"wait": 1, "for": "supper"}, headers=site.headers()), 422)


@pytest.mark.parametrize("wait", ["-1", "61", "nan", "inf", "soon", ""])
def test_a_bad_wait_is_refused(site: Site, wait: str) -> None:
    url = post(site).json()["url"]
    assert_problem(site.client.get(url, params={"wait": wait}, headers=site.headers()), 422)


def test_a_wait_that_ends_early_answers_with_the_state_so_far(site: Site) -> None:
    url = post(site).json()["url"]
    answer = site.client.get(url, params={"wait": 0.05}, headers=site.headers())
    assert (answer.status_code, answer.json()["state"]) == (200, "queued")


def test_a_judged_submission_is_answered_at_once(site: Site) -> None:
    url = post(site).json()["url"]
    judge_next(site)
    answer = site.client.get(url, params={"wait": 60}, headers=site.headers())
    assert (answer.json()["state"], answer.json()["verdict"], answer.json()["score"]) == ("done", "wrong_answer", 62.5)


@pytest.mark.parametrize("number", ["999999", "0", "-1", "x", "2147483648", "1.5", "%00"])
def test_a_submission_that_is_not_there_is_not_found(site: Site, number: str) -> None:
    answer = site.client.get(f"{SUBMISSIONS}/{number}", headers=site.headers(staff=True))
    assert answer.status_code in (404, 422)
    assert_problem(answer, answer.status_code)


def test_another_tokens_submission_is_not_found(site: Site) -> None:
    url = post(site, staff=True).json()["url"]
    assert_problem(site.client.get(url, headers=site.headers()), 404)
    assert_problem(site.client.get(url, params={"wait": 30}, headers=site.headers()), 404)
    assert site.client.get(SUBMISSIONS, headers=site.headers()).json() == {"submissions": [], "next_cursor": None}


def test_staff_read_the_report_as_it_was_written(site: Site) -> None:
    url = post(site).json()["url"]
    report = judge_next(site)
    answer = site.client.get(url, headers=site.headers(staff=True))
    assert answer.json()["report"] == json.loads(json.dumps(report.to_dict()))
    assert msgspec.json.encode(report) in answer.content


def test_a_candidate_reads_groups_and_counts_and_no_secret(site: Site) -> None:
    url = post(site).json()["url"]
    judge_next(site)
    answer = site.client.get(url, headers=site.headers())
    report = answer.json()["report"]
    assert [secret for secret in SECRETS if secret in answer.text] == []
    assert report["groups"][0]["passed"] == 3
    assert report["error"] == {"type": "ValueError", "line": 12}
    assert set(report) == {
        "problem", "problem_version", "device", "verdict", "score", "max_score", "groups", "error", "rule_findings",
        "timing", "peak_memory_bytes", "message", "stopped_at",
    }  # fmt: skip


def test_every_member_of_a_report_is_public_or_not_on_purpose() -> None:
    from app.schemas import ReportOut, public_report

    for kind in Kind:
        assert set(public_report(make_report(), kind)) <= set(ReportOut.model_fields)
    assert set(ReportOut.model_fields) == set(make_report().to_dict())


def test_a_candidate_is_told_of_a_built_in_that_ran_and_of_none_that_is_only_named() -> None:
    from app.schemas import public_report

    for kind in Kind:
        assert public_report(make_report(), kind)["rule_findings"] == [{"name": "torch.nn.BatchNorm1d", "line": 4}]


def test_a_run_shows_its_samples_and_output_but_no_diagnosis() -> None:
    from app.schemas import public_report

    shown = public_report(make_report(), Kind.RUN)
    assert (shown["stdout"], shown["error"]["message"], len(shown["samples"])) == ("hidden print", "SECRET TEXT", 1)
    assert "momentum_reversed" not in json.dumps(shown)


# Lists --------------------------------------------------------------------------------------------------------------


def test_a_list_is_filtered_sorted_and_read_on(site: Site) -> None:
    ids = [post(site).json()["id"] for _ in range(5)]
    for verdict in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.ACCEPTED):
        judge_next(site, verdict)

    def listed(**query: object) -> list[int]:
        found: list[int] = []
        while True:
            answer = site.client.get(SUBMISSIONS, params=query, headers=site.headers()).json()  # type: ignore[arg-type]
            found += [one["id"] for one in answer["submissions"]]
            if answer["next_cursor"] is None:
                return found
            query["cursor"] = answer["next_cursor"]

    assert listed(limit=2) == ids[::-1]
    assert listed(limit=2, verdict="accepted") == [ids[2], ids[0]]
    assert listed(problem="batchnorm2d") == []
    assert listed(limit=1, sort="score") == ids[:3]
    assert listed(sort="time", limit=4) == ids


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"verdict": "fine"}, {"sort": "luck"}, {"cursor": "'; DROP TABLE"},
              {"candidate": "x"}, {"cursor": "1_2"}]
)  # fmt: skip
def test_a_bad_list_query_is_refused(site: Site, query: dict[str, str]) -> None:
    answer = site.client.get(SUBMISSIONS, params=query, headers=site.headers())
    assert_problem(answer, 422, "invalid")


def test_only_staff_choose_a_candidates_submissions(site: Site) -> None:
    chosen = {"candidate": 1}
    assert_problem(site.client.get(SUBMISSIONS, params=chosen, headers=site.headers()), 403, "forbidden")
    answer = site.client.get(SUBMISSIONS, params=chosen, headers=site.headers(staff=True))
    assert (answer.status_code, answer.json()["submissions"]) == (200, [])


# Tokens -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer ", "Bearer hc_wrong", "Basic aGM6eA==", "hc_wrong", "Bearer é"]
)
@pytest.mark.parametrize("path", [SUBMISSIONS, f"{SUBMISSIONS}/1", "/api/v1/problems", "/api/v1/problems/batchnorm1d"])
def test_without_a_token_there_is_nothing(site: Site, authorization: str | None, path: str) -> None:
    headers = {"Authorization": authorization.encode()} if authorization else {}
    answer = site.client.get(path, headers=headers)
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_sends_only_so_much_in_a_minute(site: Site) -> None:
    limit = site.app.state.settings.token_submissions_per_minute
    site.app.state.limiter = RateLimiter(clock=lambda: 0.0)
    for _ in range(limit):
        site.app.state.limiter.check("submit", "token 1", limit)
    answer = post(site)
    assert_problem(answer, 429, "too_many_requests")
    assert int(answer.headers["retry-after"]) >= 1
    assert post(site, staff=True).status_code == 202


# Problems and the rest ----------------------------------------------------------------------------------------------


def test_problems_can_be_read(site: Site) -> None:
    listed = site.client.get("/api/v1/problems", headers=site.headers()).json()["problems"]
    assert {"batchnorm1d", "batchnorm2d"} <= {one["slug"] for one in listed}
    one = site.client.get("/api/v1/problems/batchnorm1d", headers=site.headers()).json()
    assert "class" in one["starter"]
    assert set(one["statement"]) == {"en", "zh"}
    assert sum(group["points"] for group in one["groups"]) == one["max_score"] == 100
    assert_problem(site.client.get("/api/v1/problems/nix", headers=site.headers()), 404)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/v1/nix", 404), ("DELETE", SUBMISSIONS, 405)])
def test_what_is_not_there_is_a_problem_too(site: Site, method: str, path: str, status: int) -> None:
    answer = site.client.request(method, path, headers=site.headers())
    problem = assert_problem(answer, status)
    assert problem["detail"] != problem["title"]
    if status == 405:
        assert "POST" in answer.headers["allow"]


def test_an_error_of_ours_says_so_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("app.submissions.page", broken)
    answer = site.client.get(SUBMISSIONS, headers=site.headers())
    assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text


def test_the_docs_come_from_this_machine_alone(site: Site) -> None:
    page = site.client.get("/docs")
    assert "https://" not in page.text
    assert "//cdn" not in page.text
    assert "<script>" not in page.text
    assert site.client.get("/docs/start.js").headers["content-type"].startswith("text/javascript")


def test_metrics_count_requests_by_route_and_never_by_path(site: Site) -> None:
    url = post(site).json()["url"]
    site.client.get(url, headers=site.headers())
    site.client.get("/nowhere/at/all")
    text = site.metrics()
    assert 'route="/api/v1/submissions/{submission_id}",status="200"' in text
    assert 'handcode_request_seconds_count{method="POST",route="/api/v1/submissions",status="202"} 1.0' in text
    assert 'route="unmatched",status="404"' in text
    assert url not in text
