"""The same roads with JavaScript switched off."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from journeys.acts import RIGHT, WRONG, Server, Visitor, sign_in

Visit = Callable[..., Visitor]


def test_a_candidate_submits_from_a_plain_form(visit: Visit, invitation: str) -> None:
    page = visit(script=False).page
    page.goto(invitation)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("link", name="BatchNorm1d").first.click()
    page.locator("textarea#code").fill(WRONG)
    page.get_by_role("button", name="Submit").click()
    # The page asks again by itself until the verdict is there.
    page.locator("#result-body[data-verdict=wrong_answer]").wait_for()
    assert page.locator("textarea#code").input_value().strip() == WRONG.strip()
    page.locator("textarea#code").fill(RIGHT)
    page.get_by_role("button", name="Submit").click()
    page.locator("#result-body[data-verdict=accepted]").wait_for()
    expect(page.locator("#history")).to_contain_text("Wrong answer")


def test_an_interviewer_decides_from_plain_forms(visit: Visit, invitation: str, server: Server) -> None:
    candidate = visit(script=False).page
    candidate.goto(invitation)
    candidate.get_by_role("button", name="Start").click()
    candidate.goto("/problems/batchnorm1d")
    candidate.locator("textarea#code").fill(RIGHT)
    candidate.get_by_role("button", name="Submit").click()
    candidate.locator("#result-body[data-verdict=accepted]").wait_for()
    page = sign_in(visit(script=False).page, server)
    page.locator("tbody tr", has_text="Lin Candidate").first.get_by_role("link", name="No.").first.click()
    page.get_by_role("button", name="Hold").click()
    expect(page.locator("#decision .decided").first).to_contain_text("Hold")
