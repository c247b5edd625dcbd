"""What people do in the journeys, and the layers they hand in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

RIGHT = """import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=0)
            var = ((x - mean) ** 2).mean(dim=0)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(self.momentum * mean)
                self.running_var.mul_(1 - self.momentum).add_(self.momentum * var)
        else:
            mean, var = self.running_mean, self.running_var
        return (x - mean) / torch.sqrt(var + self.eps) * self.gamma + self.beta
"""
WRONG = RIGHT.replace(
    "mul_(1 - self.momentum).add_(self.momentum * ", "mul_(self.momentum).add_((1 - self.momentum) * "
)
RAISES = RIGHT.replace(
    "        if self.training:", "        raise ValueError('on <b>purpose</b> \\x1b[31m')\n        if self.training:"
)
SHOUTS = RIGHT.replace(
    "    def forward(self, x):",
    "    def forward(self, x):\n        print('<script>alert(1)</script> \\x00 \\x1b[31mred')",
)


@dataclass(frozen=True)
class Server:
    """Where the product listens and keeps its data, and the first interviewer's name and password."""

    url: str
    name: str
    password: str
    token: str
    data: Path


class Visitor:
    """A browser of one person. Whatever its console complains of, and whatever it asks of another host, is kept."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context = context
        self.base = base
        self.complaints: list[str] = []
        self.page = self.open()

    def open(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", lambda request: self._check(request.url))
        return page

    def _complain(self, kind: str, text: str) -> None:
        # A page that answers 404 on purpose is no complaint; a refused style or script is.
        if kind in ("error", "warning") and "the server responded with a status of 4" not in text:
            self.complaints.append(f"console: {text}")

    def _check(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "about:")):
            self.complaints.append(f"asked elsewhere: {url}")


def sign_in(page: Page, server: Server) -> Page:
    page.goto("/sign-in")
    page.get_by_label("Your name").fill(server.name)
    page.get_by_label("Password").fill(server.password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/submissions")
    return page


def invite(page: Page, name: str) -> str:
    page.goto("/invitations")
    page.get_by_label("Candidate's name").fill(name)
    page.get_by_role("button", name="Make the link").click()
    return page.get_by_label("Invitation link").input_value()


def type_code(page: Page, code: str) -> None:
    """Replaces what is in the editor, the way a paste does."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.locator(".cm-content").evaluate(
        """(editor, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        code,
    )


def verdict_of(page: Page) -> str:
    """Waits for the result that follows the last press of a button."""
    page.locator("#result-body[data-verdict]").wait_for()
    return page.locator("#result-body").get_attribute("data-verdict") or ""
