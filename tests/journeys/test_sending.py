"""What a candidate's page does with answers that are not ours, and with results that are about other code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from journeys.acts import RIGHT, Visitor, type_code, verdict_of

Visit = Callable[..., Visitor]

ADDRESS = "**/problems/batchnorm1d"

FOREIGN: dict[str, dict[str, Any]] = {
    "a proxy's 502": {"status": 502, "content_type": "text/html", "body": "<h1>Bad gateway</h1>"},
    "a proxy's 413": {"status": 413, "content_type": "text/html", "body": "<h1>Too large</h1>"},
    "a firewall's 403": {"status": 403, "content_type": "text/html", "body": "<h1>Blocked</h1>"},
    "a sign-on page": {"status": 200, "content_type": "text/html", "body": "<div id=result-body>Sign on</div>"},
    "a page that leads elsewhere": {"status": 200, "headers": {"HX-Redirect": "/docs"}, "body": ""},
    "an empty 503": {"status": 503, "body": ""},
    "an empty 204": {"status": 204, "body": ""},
}


def enter(visitor: Visitor, invitation: str) -> Page:
    page = visitor.page
    page.goto(invitation)
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    return page


def answer_once(page: Page, **answer: Any) -> list[str]:
    """The next form gets this answer and does not reach us; what was sent is kept in the list."""
    sent: list[str] = []

    def fulfill(route: Route) -> None:
        if route.request.method != "POST" or sent:
            route.fallback()
            return
        sent.append(route.request.post_data or "")
        route.fulfill(**answer)

    page.route(ADDRESS, fulfill)
    return sent


def forgive(visitor: Visitor, *words: str) -> None:
    """What the browser itself says of the answers that a test made up."""
    words = ("the server responded with a status of", "Response Status Error", *words)
    visitor.complaints = [one for one in visitor.complaints if not any(word in one for word in words)]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_answer_is_not_sent_and_leaves_a_way_to_send_again(visit: Visit, invitation: str, name: str) -> None:
    visitor = visit()
    page = enter(visitor, invitation)
    type_code(page, RIGHT)
    page.get_by_role("button", name="Run samples").click()
    assert verdict_of(page) == "accepted"
    before = page.locator("#result-body").get_attribute("data-result")
    answer_once(page, **FOREIGN[name])
    page.get_by_role("button", name="Submit").click()
    notice = page.locator("#not-sent")
    expect(notice).to_contain_text(f"with status {FOREIGN[name]['status']}")
    expect(page.locator("#announcer")).to_contain_text("Not sent")
    assert page.locator("#result-body").get_attribute("data-result") == before
    notice.get_by_role("button", name="Send again").click()
    expect(page.locator("#result .score")).to_contain_text("100")
    expect(notice).to_be_hidden()
    expect(page.locator("#history-body tbody tr")).to_have_count(2)
    forgive(visitor)


def test_a_lost_connection_leaves_the_result_and_a_way_to_send_again(visit: Visit, invitation: str) -> None:
    visitor = visit()
    page = enter(visitor, invitation)
    type_code(page, RIGHT)
    visitor.context.set_offline(True)
    page.get_by_role("button", name="Run samples").click()
    expect(page.locator("#not-sent")).to_contain_text("did not reach us")
    visitor.context.set_offline(False)
    page.get_by_role("button", name="Send again").click()
    assert verdict_of(page) == "accepted"
    expect(page.locator(".verdict-head")).to_contain_text("Samples agree")
    forgive(visitor, "ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")


def test_what_is_busy_for_a_moment_is_sent_again_by_itself_and_counts_once(visit: Visit, invitation: str) -> None:
    visitor = visit()
    page = enter(visitor, invitation)
    type_code(page, RIGHT)
    sent = answer_once(page, status=503, headers={"Retry-After": "1"}, body="")
    with page.expect_request(lambda request: request.method == "POST" and bool(sent)) as again:
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("#not-sent")).to_contain_text("sends it again by itself")
        expect(page.locator("#not-sent")).to_be_hidden()
    assert again.value.post_data == sent[0], "the same code under the same key"
    assert verdict_of(page) == "accepted"
    expect(page.locator("#history-body tbody tr")).to_have_count(1)
    forgive(visitor)


def test_code_that_was_changed_while_waiting_is_not_sent_by_itself(visit: Visit, invitation: str) -> None:
    visitor = visit()
    page = enter(visitor, invitation)
    type_code(page, RIGHT)
    answer_once(page, status=503, headers={"Retry-After": "3"}, body="")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#not-sent")).to_contain_text("sends it again by itself")
    page.locator(".cm-content").click()
    page.keyboard.type("#")
    expect(page.locator("#not-sent")).to_contain_text("it is not sent by itself")
    forgive(visitor)


def test_a_result_says_when_it_is_about_other_code(visit: Visit, invitation: str) -> None:
    page = enter(visit(), invitation)
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "accepted"
    note = page.locator("#result-age")
    expect(note).to_be_hidden()
    page.locator(".cm-content").click()
    page.keyboard.type("x")
    expect(note).to_have_text("Your code has changed since. What follows is about the code as you sent it.")
    page.keyboard.press("Backspace")
    expect(note).to_be_hidden()
    page.keyboard.type("#")
    page.reload()
    expect(note).to_be_visible()
    expect(page.locator("#result")).to_have_class("panel old")


def test_an_old_result_does_not_look_new_while_the_next_is_on_its_way(visit: Visit, invitation: str) -> None:
    page = enter(visit(), invitation)
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "accepted"
    held: list[Route] = []
    page.route(ADDRESS, lambda route: held.append(route) if route.request.method == "POST" else route.fallback())
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_role("button", name="Run samples").click()
    expect(page.locator("#result-age")).to_have_text("Sending…")
    held[0].continue_()
    page.locator("#result-body[data-verdict]", has_text="Samples agree").wait_for()
    expect(page.locator("#result-age")).to_be_hidden()


ENDLESS = RIGHT.replace("        if self.training:", "        while True:\n            pass\n        if self.training:")


def test_ten_waiting_pages_leave_a_connection_for_an_eleventh(visit: Visit, invitation: str) -> None:
    visitor = visit()
    page = enter(visitor, invitation)
    type_code(page, ENDLESS)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**?result=*")
    others = [visitor.open() for _ in range(9)]
    for other in others:
        other.goto(page.url)
    one_more = visitor.open()
    one_more.goto("/problems/batchnorm1d", timeout=20_000)
    for each in [page, *others]:
        each.locator("#result-body[data-verdict=time_limit]").wait_for()


def test_a_hidden_page_does_not_ask_and_is_told_when_it_is_seen_again(visit: Visit, invitation: str) -> None:
    visitor = visit()
    page = enter(visitor, invitation)
    page.add_init_script(
        """window.seen = "visible";
        Object.defineProperty(document, "visibilityState", { get: () => window.seen });
        window.show = (state) => { window.seen = state; document.dispatchEvent(new Event("visibilitychange")); };"""
    )
    page.reload()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/events" in request.url else None)
    page.evaluate("show('hidden')")
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    page.locator("#result-body[data-result]").wait_for()
    other = visitor.open()
    other.goto(page.url)
    other.locator("#result-body[data-verdict=accepted]").wait_for()
    assert asked == []
    expect(page.locator("#result-body")).not_to_have_attribute("data-verdict", "accepted")
    page.evaluate("show('visible')")
    assert verdict_of(page) == "accepted"
    assert asked


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("class A:\n\tdef f(self):\n\t\tpass", "class A:\n\tdef f(self):\n\t\tpass\n\t\t"),
        ("class A:\n  def f(self):\n    x = 1", "class A:\n  def f(self):\n    x = 1\n    "),
        ("class A:\n\tdef f(self):\n\t\tif x:", "class A:\n\tdef f(self):\n\t\tif x:\n\t\t\t"),
        ("class A:\n  def f(self):", "class A:\n  def f(self):\n    "),
        ("class A:\n    def f(self):", "class A:\n    def f(self):\n        "),
        ("class A:", "class A:\n    "),
    ],
)
def test_enter_follows_the_files_own_indentation(visit: Visit, code: str, expected: str) -> None:
    page = visit().page
    page.goto("/problems/batchnorm1d")
    type_code(page, code)
    page.keyboard.press("Enter")
    assert page.locator("#code").input_value() == expected
