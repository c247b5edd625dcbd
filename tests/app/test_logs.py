"""What is logged: which request a line is about, in text and in JSON, and an outage in three lines, not thousands."""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
from pathlib import Path

import pytest

from app.logs import REQUEST_ID, JsonFormatter, KeyValueFormatter
from app.outage import QUIET_SECONDS, SAY_AGAIN_SECONDS, Outage
from tests.app.conftest import CODE, Site

SUBMISSIONS = "/api/v1/submissions"


def record(message: str, *, level: int = logging.INFO, fault: bool = False, **extra: object) -> logging.LogRecord:
    try:
        raise ValueError("no such thing")
    except ValueError:
        made = logging.makeLogRecord(
            {"name": "app.worker", "levelno": level, "levelname": logging.getLevelName(level), "msg": message}
        )
        made.exc_info = sys.exc_info() if fault else None
    vars(made).update(extra)
    return made


def test_a_line_of_text_ends_with_its_numbers() -> None:
    line = KeyValueFormatter().format(record("judged", submission=3, judging_ms=12.5))
    assert line.endswith(" INFO app.worker judged submission=3 judging_ms=12.5")


def test_a_line_of_json_is_one_object() -> None:
    line = JsonFormatter().format(record("judged\nbadly", fault=True, submission=3, verdict="验证"))
    assert "\n" not in line
    told = json.loads(line)
    assert (told["message"], told["submission"], told["verdict"]) == ("judged\nbadly", 3, "验证")
    assert (told["level"], told["logger"]) == ("INFO", "app.worker")
    assert told["time"].endswith("+00:00")
    assert told["traceback"].endswith("ValueError: no such thing")


def test_lines_of_a_request_carry_its_number() -> None:
    token = REQUEST_ID.set("abc")
    try:
        assert KeyValueFormatter().format(record("x")).endswith("x request_id=abc")
        assert json.loads(JsonFormatter().format(record("x")))["request_id"] == "abc"
    finally:
        REQUEST_ID.reset(token)
    assert "request_id" not in KeyValueFormatter().format(record("x"))


@pytest.mark.parametrize("sent", ["1f", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a" * 64])
def test_a_number_that_was_sent_comes_back(site: Site, sent: str) -> None:
    answer = site.client.get("/nowhere", headers={"X-Request-ID": sent})
    assert answer.headers["x-request-id"] == sent
    assert answer.json()["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "two words", "a\tb", "a" * 65, "<script>", "é".encode("latin-1")])
def test_one_that_cannot_stand_in_a_log_is_replaced(site: Site, sent: str | bytes) -> None:
    made = [site.client.get("/nowhere", headers={"X-Request-ID": sent}).headers["x-request-id"] for _ in range(2)]
    assert all(len(one) == 16 and one.isalnum() for one in made)
    assert made[0] != made[1]


def test_a_fault_of_ours_is_found_by_its_number(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("app.submissions.page", broken)
    answer = site.client.get(SUBMISSIONS, headers={**site.headers(), "X-Request-ID": "seek-me"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "seek-me"


def test_an_outage_is_told_at_its_begin_once_a_minute_and_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    now = [1000.0]
    outage = Outage(lambda: now[0])
    outage.answered()
    for _ in range(150):  # seconds
        for _ in range(20):
            outage.met("a request", ConnectionError("connection refused\nIs the server running?"))
        outage.answered()  # some of it still is, while it is locked
        now[0] += 1
    assert caplog.messages == [
        "the database is away (a request): connection refused",
        "the database is still away after 60 s, and was asked 1201 times; lately a request: connection refused",
        "the database is still away after 120 s, and was asked 2401 times; lately a request: connection refused",
    ]
    now[0] += QUIET_SECONDS
    outage.answered()
    outage.answered()
    assert caplog.messages[3:] == ["the database is back: it was away for 149 s, and was asked 3000 times"]
    now[0] += SAY_AGAIN_SECONDS
    outage.met("a heartbeat", TimeoutError())
    assert caplog.messages[4:] == ["the database is away (a heartbeat): TimeoutError"]


def test_requests_that_an_outage_refuses_write_one_line(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inline_sqlite.LOCK_SECONDS", 0.02)
    caplog.set_level(logging.INFO)
    file = Path(site.app.state.settings.database.removeprefix("sqlite:///"))
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        body = {"problem": "batchnorm1d", "code": CODE}
        statuses = {site.client.post(SUBMISSIONS, json=body, headers=site.headers()).status_code for _ in range(50)}
        connection.execute("ROLLBACK")
    connection.close()
    assert statuses == {503}
    ours = [line for line in caplog.records if line.name.startswith("app")]
    assert [line.name for line in ours] == ["app.outage"], caplog.text
