"""What an interviewer does in fifteen minutes: read, ask, judge again, decide."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from journeys.acts import RIGHT, WRONG, Server, Visitor, invite, sign_in, type_code, verdict_of

Visit = Callable[..., Visitor]

NAMING_SECONDS = 120
"""On a new machine naming begins with learning."""


def _submit(visit: Visit, link: str, code: str) -> None:
    page = visit().page
    page.goto(link)
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    type_code(page, code)
    page.get_by_role("button", name="Submit").click()
    verdict_of(page)


@pytest.fixture
def wrong_submission(visit: Visit, interviewer: Page) -> Page:
    """The interviewer's page of a submission whose momentum is reversed."""
    _submit(visit, invite(interviewer, "Ada Reviewed"), WRONG)
    interviewer.goto("/submissions")
    interviewer.locator("tbody tr", has_text="Ada Reviewed").first.get_by_role("link", name="No.").first.click()
    return interviewer


def test_the_mistake_is_named_with_a_question_to_ask(wrong_submission: Page) -> None:
    diagnosis = wrong_submission.locator(".diagnosis").first
    expect(diagnosis).to_contain_text("momentum_reversed", timeout=NAMING_SECONDS * 1000)
    expect(diagnosis).to_contain_text("Ask:")


def test_names_that_come_while_a_note_is_written_appear_beside_it(wrong_submission: Page, server: Server) -> None:
    page = wrong_submission
    expect(page.locator(".diagnosis").first).to_contain_text("momentum_reversed", timeout=NAMING_SECONDS * 1000)
    number = int(page.url.rpartition("/")[2])
    with contextlib.closing(sqlite3.connect(server.data / "handcode.db", isolation_level=None)) as database:
        # As it is between the two writes of a judging, with a lease that nobody takes over.
        judging, body = database.execute(
            "SELECT id, body FROM judgings JOIN reports ON judging_id = id WHERE submission_id = ?", (number,)
        ).fetchone()
        first, second = (
            "UPDATE judgings SET diagnoses_state = 'pending', lease_until = '9999-01-01 00:00:00.000000' WHERE id = ?",
            "UPDATE judgings SET diagnoses_state = 'done', lease_until = NULL WHERE id = ?",
        )
        database.execute(first, (judging,))
        database.execute(
            "UPDATE reports SET body = ? WHERE judging_id = ?",
            (json.dumps(json.loads(body) | {"diagnoses": []}), judging),
        )
        page.reload()
        expect(page.locator("#diagnoses")).to_contain_text("Comparing with known misconceptions")
        expect(page.locator(".diagnosis")).to_have_count(0)
        page.get_by_label("New note").fill("half a sent")
        database.execute("UPDATE reports SET body = ? WHERE judging_id = ?", (body, judging))
        database.execute(second, (judging,))
    (server.data / "handcode.db").touch()  # as our own connections do: it wakes whoever waits
    expect(page.locator("#diagnoses .waiting")).to_have_count(0)
    expect(page.locator(".diagnosis").first).to_contain_text("momentum_reversed")
    expect(page.get_by_label("New note")).to_have_value("half a sent")


def test_every_check_stands_in_a_table_with_its_detail(wrong_submission: Page) -> None:
    table = wrong_submission.locator("#part-running_stats table")
    expect(table.locator("tbody tr", has_text="Failed").first).to_contain_text("expected")
    expect(wrong_submission.locator(".source tr").first).to_contain_text("import torch")
    expect(wrong_submission.locator(".facts").first).to_contain_text("Seed")


def test_notes_and_decisions_stay_with_name_and_time(wrong_submission: Page, server: Server) -> None:
    page = wrong_submission
    page.get_by_label("New note").fill("Knew the formula <b>well</b>.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#notes .note").last).to_contain_text("Knew the formula <b>well</b>.")
    expect(page.locator("#notes .note").last).to_contain_text(server.name)
    page.get_by_label("Reason").fill("Explained momentum.")
    page.get_by_role("button", name="Hold").click()
    page.get_by_role("button", name="Advance").click()
    decided = page.locator("#decision .decided")
    expect(decided.first).to_contain_text("Advance")
    expect(decided.nth(1)).to_contain_text("Explained momentum.")
    page.goto("/submissions")
    expect(page.locator("tbody tr", has_text="Ada Reviewed").first).to_contain_text("Advance")


def test_a_rejudge_with_the_same_seed_adds_a_judging(wrong_submission: Page) -> None:
    page = wrong_submission
    seed = page.locator(".facts dt", has_text="Seed").locator("xpath=following-sibling::dd[1]").inner_text()
    page.get_by_label("same seed").check()
    page.get_by_role("button", name="Rejudge").click()
    expect(page.locator(".judgings li")).to_have_count(2)
    expect(page.locator(".judgings li").first).to_contain_text("Wrong answer")
    again = page.locator(".facts dt", has_text="Seed").locator("xpath=following-sibling::dd[1]").inner_text()
    assert again == seed
    page.get_by_role("link", name="Judging").click()
    expect(page.locator("main")).to_contain_text("which is not the newest")


def test_a_verdict_that_arrives_does_not_take_the_note_that_is_being_written(visit: Visit, interviewer: Page) -> None:
    endless = RIGHT.replace(
        "        if self.training:", "        while True:\n            pass\n        if self.training:"
    )
    _submit(visit, invite(interviewer, "Slow Person"), endless)
    interviewer.goto("/submissions")
    row = interviewer.locator("tbody tr", has_text="Slow Person").first
    row.get_by_role("link", name="No.").first.click()
    interviewer.get_by_role("button", name="Rejudge").click()
    interviewer.get_by_label("New note").fill("half a sent")
    interviewer.get_by_role("link", name="Show it").wait_for()
    expect(interviewer.get_by_label("New note")).to_have_value("half a sent")
    interviewer.get_by_role("link", name="Show it").click()
    expect(interviewer.locator(".judgings li").first).to_contain_text("Time limit")


def test_what_is_typed_is_kept_when_the_page_is_left_without_sending(wrong_submission: Page) -> None:
    page = wrong_submission
    page.get_by_label("New note").press_sequentially("half a thought")
    page.get_by_role("link", name="Invitations").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invitations")
    page.go_back()
    page.reload()
    expect(page.get_by_label("New note")).to_have_value("half a thought")
    page.get_by_role("button", name="Hold").click()
    expect(page.locator("#decision .decided").first).to_contain_text("Hold")
    expect(page.get_by_label("New note")).to_have_value("half a thought")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#notes .note")).to_contain_text(["half a thought"])
    expect(page.get_by_label("New note")).to_have_value("")


def test_enter_in_a_field_decides_nothing(wrong_submission: Page) -> None:
    wrong_submission.get_by_label("same seed").focus()
    wrong_submission.keyboard.press("Enter")
    wrong_submission.get_by_role("button", name="Add note").click()
    expect(wrong_submission.get_by_role("alert")).to_contain_text("Write the note first.")
    expect(wrong_submission.locator("#decision")).to_contain_text("Not decided yet.")


def test_a_loaded_again_link_page_shows_the_link_again(interviewer: Page) -> None:
    link = invite(interviewer, "Loaded Again")
    interviewer.reload()
    assert interviewer.get_by_label("Invitation link").input_value() == link
    expect(interviewer.locator("tbody tr", has_text="Loaded Again")).to_have_count(1)


def test_a_filter_that_one_comes_back_to_is_the_one_applied(interviewer: Page) -> None:
    interviewer.goto("/submissions?problem=batchnorm1d")
    interviewer.get_by_label("Verdict").first.select_option("time_limit")
    interviewer.wait_for_url("**verdict=time_limit**")
    interviewer.go_back()
    interviewer.wait_for_url("**problem=batchnorm1d")
    expect(interviewer.get_by_label("Verdict").first).to_have_value("")
    expect(interviewer.get_by_label("Problem").first).to_have_value("batchnorm1d")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", ["W" * 200, "李" * 200])
def test_a_long_unbroken_name_leaves_every_button_in_reach(visit: Visit, server: Server, width: int, name: str) -> None:
    page = sign_in(visit(width=width).page, server)
    _submit(visit, invite(page, name), "x = 1\n")
    page.goto("/submissions")
    row = page.locator("tbody tr", has_text=name)
    address = row.first.get_by_role("link", name="No.").first.get_attribute("href") or ""
    person = row.first.locator(".person a").get_attribute("href") or ""
    again = person.replace("/candidates/", "/invitations?candidate=")
    for there in ("/submissions", address, person, "/invitations", again):
        page.goto(there)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), there
        for box in page.locator("main :is(button, [role=button]):visible").all():
            area = box.bounding_box()
            assert area is not None
            assert area["x"] >= 0, there
            assert area["x"] + area["width"] <= width, (there, box.inner_text())


def test_the_table_is_filtered_and_sorted(visit: Visit, interviewer: Page) -> None:
    link = invite(interviewer, "Filter Person")
    _submit(visit, link, WRONG)
    _submit(visit, link, RIGHT)
    interviewer.goto("/submissions")
    interviewer.get_by_label("Candidate").first.fill("Filter Per")
    interviewer.get_by_role("button", name="Filter").click()
    rows = interviewer.locator("tbody tr")
    expect(rows).to_have_count(2)
    interviewer.get_by_role("link", name="Score").click()
    expect(rows.first).to_contain_text("Accepted")
    expect(interviewer.locator("th[aria-sort=descending]")).to_contain_text("Score")
    interviewer.get_by_label("Verdict").first.select_option("wrong_answer")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Wrong answer")
    interviewer.get_by_label("Problem").first.select_option("batchnorm2d")
    expect(interviewer.locator("main")).to_contain_text("No submission fits this filter")


def test_arrow_keys_pass_a_filters_choices_without_leaving_the_page(interviewer: Page) -> None:
    interviewer.goto("/submissions")
    verdict = interviewer.get_by_label("Verdict").first
    verdict.focus()
    for _ in range(2):
        interviewer.keyboard.press("ArrowDown")
    expect(verdict).to_be_focused()
    expect(verdict).to_have_value("wrong_answer")
    assert interviewer.url.endswith("/submissions")
    interviewer.get_by_role("button", name="Filter").press("Enter")
    interviewer.wait_for_url("**verdict=wrong_answer**")


def test_a_pinned_convention_is_told_to_the_candidate_and_holds(visit: Visit, interviewer: Page) -> None:
    interviewer.goto("/invitations")
    interviewer.get_by_label("Candidate's name").fill("Pinned Person")
    interviewer.get_by_label("Running variance").select_option("unbiased")
    interviewer.get_by_role("button", name="Make the link").click()
    link = interviewer.get_by_label("Invitation link").input_value()
    page = visit().page
    page.goto(link)
    expect(page.locator(".pinned")).to_contain_text("divided by n − 1")
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    expect(page.locator(".pinned")).to_contain_text("divided by n − 1")
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "wrong_answer"


def test_the_dashboard_says_who_judges_and_behind_which_walls(interviewer: Page) -> None:
    strip = interviewer.get_by_role("region", name="State of the judge")
    expect(strip).to_contain_text("1 worker ready")
    strip.get_by_text("Workers and sandbox").click()
    expect(strip).to_contain_text("Last heard of")
    expect(strip.locator("pre")).not_to_be_empty()


def test_a_withdrawn_link_is_closed(visit: Visit, interviewer: Page) -> None:
    link = invite(interviewer, "Withdrawn Person")
    row = interviewer.locator("tbody tr", has_text="Withdrawn Person")
    row.get_by_role("button", name="Withdraw the invitation").click()
    expect(interviewer.get_by_role("heading", level=1)).to_have_text("Withdraw this invitation?")
    interviewer.get_by_role("button", name="Withdraw").click()
    expect(row).to_contain_text("Withdrawn")
    page = visit().page
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text("This invitation was withdrawn")


def test_a_token_is_shown_once_and_can_be_revoked(interviewer: Page) -> None:
    interviewer.goto("/tokens")
    interviewer.get_by_label("Name").fill("nightly")
    interviewer.get_by_role("button", name="Make the token").click()
    token = interviewer.get_by_label("API token").first.input_value()
    api = "/api/v1/problems"
    headers = {"Authorization": f"Bearer {token}"}
    assert interviewer.request.get(api, headers=headers).status == 200
    interviewer.goto("/tokens")
    expect(interviewer.locator("main")).not_to_contain_text(token)
    interviewer.locator("tr", has_text="nightly").get_by_role("button", name="Revoke").click()
    interviewer.locator("main").get_by_role("button", name="Revoke").click()
    expect(interviewer.locator("tr", has_text="nightly")).to_contain_text("Revoked")
    assert interviewer.request.get(api, headers=headers).status == 401


@pytest.mark.parametrize("address", ["/submissions", "/submissions/1", "/invitations", "/candidates/1", "/tokens"])
def test_interviewers_pages_ask_to_sign_in(visit: Visit, address: str) -> None:
    page = visit().page
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_wrong_password_is_refused_and_the_right_one_leads_back(visit: Visit, server: Server) -> None:
    page = visit().page
    page.goto("/invitations")
    page.get_by_label("Your name").fill(server.name)
    page.get_by_label("Password").fill("not the password")
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.get_by_label("Password").fill(server.password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invitations")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/invitations")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
