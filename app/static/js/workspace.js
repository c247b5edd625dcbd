// The candidate's workspace: editor, draft, keys, tabs, and the verdict that arrives by itself.
import htmx from "./htmx.js";
import "htmx-ext-sse";
import { announce } from "./announce.js";
import { draftStore } from "./drafts.js";
import { createEditor, goToLine, markFault, replaceAll } from "./editor.js";
import { createTabs } from "./tabs.js";
import { localise } from "./times.js";

const workspace = document.querySelector("[data-workspace]");
const form = document.getElementById("work");
const textarea = document.getElementById("code");
const keys = document.getElementById("keys");
const draftNote = document.querySelector("[data-draft-note]");
const store = draftStore(workspace.dataset.draft);
const tabs = createTabs(workspace);

let saving;
function keepDraft(text) {
  clearTimeout(saving);
  saving = setTimeout(() => (draftNote.hidden = !store.write(text)), 300);
}

const chosen = textarea.value; // What the server put there: a restored submission, the last one sent, or the starter.
const draft = store.read();
const restored = "restored" in workspace.dataset;
const view = createEditor({
  textarea,
  doc: draft ?? chosen,
  nonce: workspace.dataset.nonce,
  label: keys.dataset.label,
  onDraft: keepDraft,
  onLeaving(on) {
    if (on && !keys.classList.contains("armed")) announce(keys.querySelector(".at-exit").textContent);
    keys.classList.toggle("armed", on);
  },
});
draftNote.hidden = draft === null;
if (restored) {
  // Put in as a change, so that undo brings the draft back.
  if (view.state.doc.toString() !== chosen) replaceAll(view, chosen);
  const address = new URL(location);
  address.searchParams.delete("restore");
  address.searchParams.delete("starter");
  history.replaceState(null, "", address);
}
addEventListener("pagehide", () => saving && store.write(textarea.value));
form.querySelector("label").addEventListener("click", () => view.focus());

// Keys ----------------------------------------------------------------------------------------------------------------
const apple = /Mac|iPhone|iPad/.test(navigator.platform);
if (apple) form.querySelectorAll("[data-key]").forEach((key) => (key.textContent = key.textContent.replace("Ctrl", "⌘")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  const button = form.querySelector(`button[value=${event.shiftKey ? "submit" : "run"}]`);
  if (!button || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  event.stopPropagation();
  button.click(); // A click, since htmx learns from it which button it was.
}, { capture: true });

// Back to the starter ---------------------------------------------------------------------------------------------------
const dialog = document.getElementById("reset-dialog");
document.querySelector("[data-reset]").addEventListener("click", (event) => {
  event.preventDefault();
  dialog.returnValue = "";
  dialog.showModal();
});
dialog.addEventListener("close", () => {
  if (dialog.returnValue === "reset") replaceAll(view, document.getElementById("starter").content.textContent);
  view.focus();
});

// Sending and the verdict -----------------------------------------------------------------------------------------------
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

let judged = chosen; // The code that the shown result is about.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt !== form) return;
  markFault(view, null);
  judged = textarea.value;
});
// A result from the history may be about other code than the editor holds, whose lines it must not point at.
function editorHolds(number) {
  const inEditor = number <= view.state.doc.lines && view.state.doc.line(number).text;
  return inEditor === judged.split("\n")[number - 1];
}
document.body.addEventListener("htmx:afterRequest", (event) => {
  // The second press of a double click is the same submission: it comes after the answer, which takes a few milliseconds.
  if (event.detail.elt === form) setTimeout(() => (form.elements.once.value = newKey()), 1000);
});
document.body.addEventListener("htmx:sendError", () => {
  const notice = document.getElementById("offline").content.firstElementChild.cloneNode(true);
  document.getElementById("result-body").replaceChildren(notice);
  tabs.show("result");
  announce(notice.textContent.trim());
});
htmx.onLoad((element) => {
  localise(element.parentElement ?? element);
  const result = element.id === "result-body" ? element : element.querySelector?.("#result-body");
  if (!result?.dataset.announce) return;
  if (result !== first) tabs.show("result");
  announce(result.dataset.announce);
  const line = Number(result.querySelector("[data-jump]")?.dataset.jump);
  if (line && result !== first && editorHolds(line)) markFault(view, line);
});
const first = document.getElementById("result-body");
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-jump]");
  if (!link) return;
  if (!editorHolds(Number(link.dataset.jump))) {
    document.querySelector("#result .own-code").open = true; // The link leads to the line in there.
    return;
  }
  event.preventDefault();
  if (tabs.isNarrow()) tabs.show("code");
  goToLine(view, Number(link.dataset.jump));
});
