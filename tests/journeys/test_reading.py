"""Pages for everybody: two languages, three colour schemes, a keyboard, a narrow screen, enough contrast."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.acts import WRONG, Server, Visitor, invite, sign_in, type_code, verdict_of

Visit = Callable[..., Visitor]

# Every piece of visible text with too little contrast against what lies behind it. A canvas turns any colour the style
# sheets may use into red, green, blue and opacity.
FAINT_TEXT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => under.map((value, i) => top[i] * top[3] + value * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = (rgb) => {
    const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility({ opacityProperty: true })) continue;
    if (element.closest("script, style, noscript, [disabled], .away, .skip")) continue;
    const under = behind(element);
    const text = over(rgba(getComputedStyle(element).color), under);
    const [a, b] = [light(text), light(under)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${walker.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return faint;
}"""


@dataclass(frozen=True)
class Filled:
    """A browser state that may see every page, and the addresses of pages with something on them."""

    state: Any
    addresses: list[str]


@pytest.fixture(scope="module")
def filled(browser: Browser, server: Server) -> Filled:
    context = browser.new_context(base_url=server.url, locale="en-GB")
    page = sign_in(context.new_page(), server)
    link = invite(page, "Page Reader")
    page.goto(link)
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    type_code(page, WRONG)
    page.get_by_role("button", name="Submit").click()
    verdict_of(page)
    number = page.locator("#result-body").get_attribute("data-result")
    page.goto(f"/submissions/{number}")
    candidate = page.locator(".crumbs a").last.get_attribute("href") or ""
    state = context.storage_state()
    context.close()
    return Filled(
        state,
        [
            "/", "/problems", "/problems/batchnorm1d", f"/problems/batchnorm1d?result={number}", "/nothing",
            "/i/unknown", link, "/submissions", "/submissions?problem=batchnorm2d", f"/submissions/{number}",
            "/invitations", candidate, "/tokens",
        ],
    )  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_has_enough_contrast(visit: Visit, filled: Filled, theme: str) -> None:
    page = visit(color_scheme=theme, storage_state=filled.state).page
    faint = {}
    for address in filled.addresses:
        page.goto(address)
        if found := page.evaluate(FAINT_TEXT):
            faint[address] = found
    assert faint == {}


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_nothing_overflows_a_narrow_screen(visit: Visit, filled: Filled, language: str) -> None:
    page = visit(width=390, height=844, locale=language, storage_state=filled.state).page
    for address in filled.addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address


def test_on_a_narrow_screen_a_checks_name_leaves_room_for_its_points(visit: Visit, filled: Filled) -> None:
    page = visit(width=390, height=844, storage_state=filled.state).page
    page.goto(next(address for address in filled.addresses if address.startswith("/submissions/")))
    covered = page.locator(".checks tbody tr:visible").evaluate_all(
        """rows => rows.filter((row) => row.querySelector("code").getBoundingClientRect().right
             > row.querySelector(".number").getBoundingClientRect().left).map((row) => row.id)"""
    )
    assert covered == []


def test_every_page_has_one_first_heading_landmarks_and_named_controls(visit: Visit, filled: Filled) -> None:
    page = visit(storage_state=filled.state).page
    for address in filled.addresses:
        page.goto(address)
        expect(page.locator("h1:visible"), address).to_have_count(1)
        expect(page.locator("main"), address).to_have_count(1)
        expect(page.get_by_role("banner"), address).to_have_count(1)
        assert page.evaluate(NAMELESS) == [], address


NAMELESS = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], table")]
  .filter((element) => element.checkVisibility())
  .filter((element) => !(element.labels?.length || element.ariaLabel || element.textContent.trim()))
  .map((element) => element.outerHTML.slice(0, 80))"""


def test_the_switch_changes_the_language_and_comes_back_to_the_page(visit: Visit) -> None:
    page = visit().page
    page.goto("/problems/batchnorm1d?starter=1")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("button", name="提交")).to_be_visible()
    expect(page.locator("#problem-title")).to_have_text("手写 BatchNorm1d")
    page.goto("/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    page.get_by_role("button", name="EN").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_language_follows_the_browser_and_an_address_overrides_it(visit: Visit) -> None:
    page = visit(locale="zh-CN").page
    page.goto("/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    page.goto("/sign-in?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("script", [True, False])
def test_colours_can_be_chosen_against_the_system(visit: Visit, script: bool) -> None:
    page = visit(script=script, color_scheme="light").page
    page.goto("/sign-in")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_css("background-color", "rgb(16, 19, 24)")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_first_tab_offers_to_skip_to_the_content(visit: Visit) -> None:
    page = visit().page
    page.goto("/")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()


def test_without_motion_nothing_breathes(visit: Visit) -> None:
    page: Page = visit(reduced_motion="reduce").page
    page.goto("/")
    page.evaluate("document.querySelector('main').innerHTML = '<span class=pulse></span>'")
    pulse = page.locator(".pulse")
    expect(pulse).to_have_css("animation-iteration-count", "1")


def test_the_editors_search_panel_speaks_the_readers_language(visit: Visit) -> None:
    page = visit(locale="zh-CN").page
    page.goto("/problems/batchnorm1d")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+f")
    panel = page.locator(".cm-search")
    expect(panel).to_contain_text("区分大小写")
    words = panel.evaluate("""panel => [panel.textContent, ...[...panel.querySelectorAll("[aria-label], [placeholder]")]
      .flatMap((one) => [one.ariaLabel ?? "", one.placeholder ?? ""])].join(" ")""")
    assert not re.search("[A-Za-z]{2,}", words)
