"""What a candidate lives through, from the link to the verdict."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from journeys.acts import RAISES, RIGHT, SHOUTS, WRONG, Visitor, invite, type_code, verdict_of

Visit = Callable[..., Visitor]


def _enter(visit: Visit, invitation: str, **options: object) -> Page:
    page = visit(**options).page
    page.goto(invitation)
    page.get_by_role("button", name="Start").or_(page.get_by_role("button", name="Go on")).click()
    page.get_by_role("link", name="BatchNorm1d").first.click()
    page.locator("#problem-title").wait_for()
    return page


def test_an_invitation_leads_to_a_verdict_without_a_reload(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    page.evaluate("window.unreloaded = true")
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "accepted"
    expect(page.locator("#result .score")).to_contain_text("100")
    expect(page.locator("#announcer")).to_have_text("Accepted, 100 of 100 points")
    assert page.evaluate("window.unreloaded") is True


def test_a_wrong_layer_is_told_which_part_misses_points_but_no_hidden_check(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, WRONG)
    page.keyboard.press("Control+Shift+Enter")
    assert verdict_of(page) == "wrong_answer"
    row = page.locator("#result .groups tr", has_text="Running statistics")
    expect(row).to_contain_text("Points missing")
    expect(row.locator(".hint")).not_to_be_empty()
    shown = page.locator("#result").inner_html()
    assert "running_stats." not in shown
    assert "expected" not in shown.lower()


def test_a_run_shows_samples_and_is_not_scored(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, RIGHT.replace("(x - mean) / torch", "x / torch"))
    page.keyboard.press("Control+Enter")
    assert verdict_of(page) == "wrong_answer"
    expect(page.locator("#result .score")).to_have_count(0)
    failed = page.locator("#result .sample[open]").first
    expect(failed).to_contain_text("Expected")
    expect(failed).to_contain_text("Largest difference")
    expect(page.locator(".verdict-head")).to_contain_text("Samples differ")
    page.get_by_role("tab", name="History").click()
    expect(page.locator("#history tbody tr")).to_contain_text("Samples differ")


def test_hostile_output_is_shown_as_text(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, SHOUTS)
    page.get_by_role("button", name="Run samples").click()
    verdict_of(page)
    output = page.locator("#result pre.output", has_text="alert(1)").first
    expect(output).to_contain_text("<script>alert(1)</script> ␀ ␛[31mred")


def test_an_exception_leads_to_its_line(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, RAISES)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "runtime_error"
    expect(page.locator("#result .error-line code")).to_have_text("ValueError")
    expect(page.locator("#result pre.output")).to_have_count(0)
    page.get_by_role("link", name="line 16 of your file").click()
    expect(page.locator(".cm-activeLine")).to_contain_text("raise ValueError")


def test_a_line_of_code_that_is_no_longer_in_the_editor_is_shown_in_the_code_that_was_sent(
    visit: Visit, invitation: str
) -> None:
    page = _enter(visit, invitation)
    type_code(page, RAISES)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "runtime_error"
    type_code(page, RIGHT)
    page.get_by_role("link", name="line 16 of your file").click()
    expect(page.locator("#R16")).to_be_in_viewport()
    expect(page.locator("#R16")).to_contain_text("raise ValueError")
    expect(page.locator(".cm-content")).not_to_be_focused()


def test_an_old_submission_comes_back_and_undo_brings_the_draft(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, WRONG)
    page.get_by_role("button", name="Submit").click()
    verdict_of(page)
    type_code(page, RIGHT)
    page.get_by_role("tab", name="History").click()
    page.get_by_role("link", name="back into the editor").first.click()
    page.wait_for_function("text => document.getElementById('code').value === text", arg=WRONG)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+z")
    page.wait_for_function("text => document.getElementById('code').value === text", arg=RIGHT)


def test_a_draft_survives_a_reload_and_the_starter_is_one_question_away(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    starter = page.locator("#code").input_value()
    type_code(page, "# my draft\n")
    page.reload()
    assert page.locator("#code").input_value() == "# my draft\n"
    page.get_by_role("link", name="Back to the starter").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep my code").click()
    assert page.locator("#code").input_value() == "# my draft\n"
    page.get_by_role("link", name="Back to the starter").click()
    page.get_by_role("dialog").get_by_role("button", name="Back to the starter").click()
    page.wait_for_function("text => document.getElementById('code').value === text", arg=starter)


def test_tab_indents_and_escape_then_tab_leaves_the_editor(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    expect(page.locator("#keys")).to_contain_text("Esc, then Tab leaves the editor")
    type_code(page, "x = 1")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.locator("#code").input_value() == "    x = 1"
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_contain_text("Tab now leaves the editor")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run samples")).to_be_focused()


def test_the_focus_stays_on_the_button_while_the_verdict_arrives(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, RIGHT)
    button = page.get_by_role("button", name="Submit")
    button.focus()
    page.keyboard.press("Enter")
    assert verdict_of(page) == "accepted"
    expect(button).to_be_focused()


def test_on_a_narrow_screen_the_focus_goes_to_the_result_that_replaces_the_code(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation, width=390, height=844)
    page.get_by_role("tab", name="Code").click()
    type_code(page, RIGHT)
    page.keyboard.press("Control+Shift+Enter")
    assert verdict_of(page) == "accepted"
    expect(page.locator("#result")).to_be_focused()


def test_two_quick_presses_send_once(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").dblclick()
    assert verdict_of(page) == "accepted"
    expect(page.locator("#history-body tbody tr")).to_have_count(1)


def test_a_lost_connection_is_said_and_the_draft_stays(visit: Visit, invitation: str) -> None:
    visitor = visit()
    page = visitor.page
    page.goto(invitation)
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    type_code(page, WRONG)
    visitor.context.set_offline(True)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#result")).to_contain_text("did not reach us")
    assert page.locator("#code").input_value() == WRONG
    visitor.context.set_offline(False)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "wrong_answer"
    # What the browser and htmx say themselves about the connection that this test cut.
    cut = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    visitor.complaints = [one for one in visitor.complaints if not any(word in one for word in cut)]


def test_code_that_is_refused_says_why_where_the_result_would_be(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, "  \n")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#result")).to_contain_text("The code is empty.")
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "accepted"


def test_on_a_narrow_screen_one_panel_is_shown_and_nothing_overflows(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation, width=390, height=844)
    for name in ("Statement", "Code", "Result", "History"):
        page.get_by_role("tab", name=name).click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    page.get_by_role("tab", name="Code").click()
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "accepted"
    expect(page.locator("#result")).to_be_visible()
    page.get_by_role("tab", name="History").click()
    expect(page.locator("#history tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_code_never_goes_out_under_another_candidates_name(visit: Visit, interviewer: Page) -> None:
    visitor = visit()
    first = visitor.page
    first.goto(invite(interviewer, "First Tab"))
    first.locator("main form button").click()
    first.goto("/problems/batchnorm1d")
    second = visitor.open()
    second.goto(invite(interviewer, "Second Tab"))
    second.locator("main form button").click()
    type_code(first, RIGHT)
    first.get_by_role("button", name="Submit").click()
    expect(first.locator("#result")).to_contain_text("no longer signed in to your invitation")
    interviewer.goto("/submissions?candidate=Second Tab")
    expect(interviewer.locator("main")).to_contain_text("No submission fits this filter")


def test_guests_practise_without_an_invitation(visit: Visit) -> None:
    page = visit().page
    page.goto("/")
    page.get_by_role("link", name="BatchNorm1d").click()
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    assert verdict_of(page) == "accepted"
    page.goto("/")
    expect(page.locator(".problems li").first).to_contain_text("100 of 100 points")


def test_someone_elses_submission_is_not_found(visit: Visit, invitation: str) -> None:
    page = _enter(visit, invitation)
    type_code(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    verdict_of(page)
    number = page.locator("#result-body").get_attribute("data-result")
    stranger = visit().page
    for status in (401, 404):  # nobody yet; then, after a first run, a guest
        answer = stranger.goto(f"/problems/batchnorm1d?result={number}")
        assert answer is not None
        assert answer.status == status
        events = stranger.request.get(f"/problems/batchnorm1d/submissions/{number}/events")
        assert events.status == status
        stranger.goto("/problems/batchnorm1d")
        stranger.get_by_role("button", name="Run samples").click()
        verdict_of(stranger)
    assert stranger.goto("/problems/batchnorm1d?result=999999").status == 404  # type: ignore[union-attr]


def test_an_unknown_link_says_what_to_do(visit: Visit) -> None:
    page = visit().page
    page.goto("/i/not-a-link")
    expect(page.get_by_role("heading", level=1)).to_have_text("We do not know this link")


def test_a_verdict_arrives_although_the_connection_broke_meanwhile(visit: Visit, invitation: str) -> None:
    """The layer never ends, so there are seconds to break the stream of events in."""
    visitor = visit()
    page = visitor.page
    page.goto(invitation)
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    type_code(
        page,
        RIGHT.replace("        if self.training:", "        while True:\n            pass\n        if self.training:"),
    )
    page.route("**/events*", lambda route: route.abort(), times=1)
    with page.expect_event("requestfailed", lambda request: "/events" in request.url):
        page.get_by_role("button", name="Submit").click()
    expect(page.locator("#result .waiting")).to_be_visible()
    assert verdict_of(page) == "time_limit"
    visitor.complaints = [one for one in visitor.complaints if "object Event" not in one and "ERR_" not in one]


def test_a_long_output_is_laid_out_only_where_it_is_looked_at(visit: Visit, invitation: str) -> None:
    """In Chinese it is laid out anew with each file of the typeface, and all of it at once stops the page."""
    page = visit().page
    page.goto(invitation)
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    type_code(page, f"{RIGHT}\n\nfor _ in range(40):\n    print('批归一化' * 1250)\n")
    page.get_by_role("button", name="Run samples").click()
    verdict_of(page)
    output = page.locator("#result pre.output", has_text="批归一化")
    assert output.text_content() == ("批归一化" * 1250 + "\n") * 40
    appears = """piece => new Promise(done => {
        piece.addEventListener("contentvisibilityautostatechange", event => done(!event.skipped));
        piece.scrollIntoView();
    })"""
    assert output.locator(".piece").last.evaluate(appears) is True
