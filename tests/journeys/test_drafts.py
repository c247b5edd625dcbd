"""A draft is never lost: not between two tabs, not when another text takes its place."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from journeys.acts import RIGHT, WRONG, Visitor, type_code

Visit = Callable[..., Visitor]

HOLDS = "text => document.getElementById('code').value === text"


def two_tabs(visit: Visit) -> tuple[Page, Page]:
    visitor = visit()
    pages = (visitor.page, visitor.open())
    for page in pages:
        page.goto("/problems/batchnorm1d")
    return pages


def kept(page: Page) -> None:
    expect(page.locator("[data-draft-note]")).to_contain_text("Draft kept in this browser")


def take_other(page: Page, nth: int = 0) -> None:
    page.locator("[data-others]").click()
    page.get_by_label("Version of").select_option(index=nth)
    page.get_by_role("button", name="Put it into the editor").click()


def test_what_one_tab_writes_the_other_shows(visit: Visit) -> None:
    older, newer = two_tabs(visit)
    type_code(older, "# one line of the older tab\n")
    newer.wait_for_function(HOLDS, arg="# one line of the older tab\n")
    type_code(newer, RIGHT)
    older.wait_for_function(HOLDS, arg=RIGHT)
    expect(older.locator("[data-draft-note]")).to_contain_text("Now as in your other tab")
    expect(older.locator("#announcer")).to_contain_text("Now as in your other tab")
    older.close(run_before_unload=True)
    newer.reload()
    assert newer.locator("#code").input_value() == RIGHT


def test_a_tab_that_missed_the_newer_text_keeps_both_when_it_is_left(visit: Visit) -> None:
    """The older tab slept while the newer wrote: as when a browser freezes what is not seen."""
    older, newer = two_tabs(visit)
    older.add_init_script("addEventListener('storage', (event) => event.stopImmediatePropagation(), { capture: true })")
    older.reload()
    type_code(newer, RIGHT)
    kept(newer)
    type_code(older, "# one line of the older tab\n")
    older.goto("/")
    newer.reload()
    assert newer.locator("#code").input_value() == "# one line of the older tab\n", "the newer of the two"
    take_other(newer)
    newer.wait_for_function(HOLDS, arg=RIGHT)
    kept(newer)
    take_other(newer)
    newer.wait_for_function(HOLDS, arg="# one line of the older tab\n")


def test_the_starter_takes_the_place_of_a_draft_that_stays_one_click_away(visit: Visit) -> None:
    page = visit().page
    page.goto("/problems/batchnorm1d")
    type_code(page, WRONG)
    kept(page)
    page.get_by_role("link", name="Back to the starter").click()
    page.get_by_role("dialog").get_by_role("button", name="Back to the starter").click()
    expect(page.locator("[data-others]")).to_have_text("Other versions: 1")
    page.reload()
    take_other(page)
    page.wait_for_function(HOLDS, arg=WRONG)


def test_a_draft_of_an_earlier_version_is_read(visit: Visit) -> None:
    page = visit().page
    page.goto("/problems/batchnorm1d")
    page.evaluate("localStorage.setItem('handcode:draft:guest:batchnorm1d', '# bare text')")
    page.reload()
    assert page.locator("#code").input_value() == "# bare text"
