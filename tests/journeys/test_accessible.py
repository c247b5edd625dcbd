"""Every page against axe-core: WCAG 2.2 A and AA and its best practices, in both themes, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from journeys.acts import Server, Visitor, invite, sign_in, type_code, verdict_of

Visit = Callable[..., Visitor]

AXE = Path(__file__).parent.parent.parent / "node_modules/axe-core/axe.min.js"

# Shows everything a result can hold: samples that differ, output, groups with and without points.
SHOWN = """import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        print("a line that is much longer than the panel it is shown in, so that it has to wrap or to scroll somewhere")
        mean, var = x.mean(0), x.var(0, unbiased=False)
        return (x - mean) / (var + self.eps) * self.weight + self.bias
"""

# What Swagger UI makes below #docs is its own: no option of it changes those widgets.
LOOK = """async (everything) => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await axe.run({ exclude: ["#docs"] }, everything
    ? { runOnly: tags, rules: { "target-size": { enabled: true } }, resultTypes: ["violations"] }
    : { runOnly: { type: "rule", values: ["color-contrast"] }, resultTypes: ["violations"] });
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)}`));
}"""


def addresses(page: Page, server: Server) -> list[str]:
    """Pages of everybody with something on them, made by the one browser that looks at them."""
    sign_in(page, server)
    link = invite(page, "Page Reader")
    page.goto(link)
    page.locator("main form button").click()
    page.goto("/problems/batchnorm1d")
    numbers = []
    type_code(page, SHOWN)
    for button in ("Run samples", "Submit"):
        page.get_by_role("button", name=button).click()
        page.wait_for_url("**?result=*" if not numbers else lambda url: not url.endswith(f"={numbers[0]}"))
        verdict_of(page)
        numbers.append(page.locator("#result-body").get_attribute("data-result") or "")
    page.goto(f"/submissions/{numbers[1]}")
    candidate = page.locator(".crumbs a").last.get_attribute("href") or ""
    return [
        "/problems", "/problems/batchnorm2d", *[f"/problems/batchnorm1d?result={number}" for number in numbers],
        "/nothing", "/i/unknown", link, "/submissions", "/submissions?candidate=nobody", f"/submissions/{numbers[1]}",
        "/invitations", candidate, "/tokens", "/interviewers", "/leave", "/docs",
    ]  # fmt: skip


def violations(page: Page, address: str) -> dict[str, Any]:
    """What axe finds on one page, by the ways to look at it. Dark colours change nothing but contrast."""
    found = {}
    page.goto(address)
    if address == "/docs":
        page.locator("#docs main").wait_for()
    for width, height in ((390, 844), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for tab in TABS if page.locator("[data-tabs]").count() else [None]:
                if tab:
                    page.locator(f"[data-tab-for={tab}]").dispatch_event("click")
                if seen := page.evaluate(LOOK, theme == "light"):
                    found[f"{address} {width} {theme} {tab or ''}"] = seen
    return found


TABS = ("statement", "code", "result", "history")


def test_axe_finds_nothing_on_any_page(visit: Visit, server: Server) -> None:
    visitor = visit()
    page = visitor.page
    page.add_init_script(path=AXE)
    found = violations(page, "/sign-in") | violations(page, "/") | violations(page, "/submissions/1")
    for address in addresses(page, server):
        found |= violations(page, address)
    visitor.complaints = [one for one in visitor.complaints if "/docs" not in one]
    assert found == {}
