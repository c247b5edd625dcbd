// What every page does: local times, countdowns, copying, the theme switch, filters that apply at once, live staff pages,
// words that are kept while they are typed.
import { announce } from "./announce.js";
import { keepTyped } from "./kept.js";
import { listen } from "./stream.js";
import { localise, startCountdowns } from "./times.js";

function copyOnClick(button) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // Plain http on another host has no clipboard interface.
    }
    announce(button.dataset.copied);
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = before), 1600);
  });
}

function switchThemeInPlace(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === event.submitter));
  });
}

function reloadWhenJudged(element) {
  const stop = listen(element.dataset.judging, { verdict });
  function verdict() {
    stop();
    // Loading the page again would lose the note or reason that is being written.
    const writing = [...document.querySelectorAll("textarea")].some((field) => field.value.trim());
    if (!writing) return location.reload();
    const notice = document.querySelector("[data-judged]");
    document.querySelector(".sheet.waiting").hidden = true;
    notice.hidden = false;
    announce(notice.querySelector("strong").textContent);
  }
}

// The names come after the verdict, into the page as it stands: whatever is being written there stays.
function showNames(element) {
  const stop = listen(element.dataset.naming, { diagnoses });
  async function diagnoses() {
    stop();
    const shown = document.getElementById("diagnoses");
    const words = shown.querySelector("[data-unnamed]");
    const answer = await fetch(location.href).catch(() => null);
    const loaded = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const named = loaded?.getElementById("diagnoses");
    if (named) {
      shown.replaceWith(named);
    } else {
      words.hidden = true;
      shown.querySelector("[data-names-there]").hidden = false;
    }
    announce(words.dataset.named);
  }
}

// A choice by mouse or touch is sent at once. Arrow keys pass every choice on their way to the wanted one, and a new page
// would take the focus away: from the keyboard, the form waits for its button.
function sendAtOnce(form) {
  let byKey = false;
  form.addEventListener("keydown", () => (byKey = true));
  form.addEventListener("pointerdown", () => (byKey = false));
  form.addEventListener("change", (event) => event.target.matches("select") && !byKey && form.requestSubmit());
  // A browser that comes back puts in what was last chosen: the form shows what the table below it is filtered by.
  addEventListener("pageshow", () => form.reset());
}

localise(document);
startCountdowns(document);
document.querySelectorAll("[data-needs-script]").forEach((element) => (element.hidden = false));
document.querySelectorAll("[data-copy]").forEach(copyOnClick);
document.querySelectorAll("[data-theme-switch]").forEach(switchThemeInPlace);
document.querySelectorAll("[data-judging]").forEach(reloadWhenJudged);
document.querySelectorAll("[data-naming]").forEach(showNames);
document.querySelectorAll("form[data-at-once]").forEach(sendAtOnce);
document.querySelectorAll("form[data-keep]").forEach(keepTyped);
