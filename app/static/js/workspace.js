// The candidate's workspace: editor, draft, keys, tabs, and the verdict that arrives by itself.
import htmx from "htmx.org";
import { announce } from "./announce.js";
import { openDraft } from "./drafts.js";
import { createEditor, goToLine, markFault, replaceAll } from "./editor.js";
import { createOthers } from "./others.js";
import { watchSending } from "./sending.js";
import { listen } from "./stream.js";
import { createTabs } from "./tabs.js";
import { clockOf, localise } from "./times.js";

const workspace = document.querySelector("[data-workspace]");
const form = document.getElementById("work");
const textarea = document.getElementById("code");
const keys = document.getElementById("keys");
const draftNote = document.querySelector("[data-draft-note]");
const tabs = createTabs(workspace);

const drafts = openDraft(workspace.dataset.draft, (newer) => {
  adopting = true;
  replaceAll(view, newer.text);
  adopting = false;
  showDraft(draftNote.dataset.newer);
  announce(draftNote.dataset.newer);
});
let adopting = false; // Puts another tab's text in, which is no edit of this one's.
let saving;
function keepDraft(text) {
  clearTimeout(saving);
  drafts.edit(text);
  saving = setTimeout(saveDraft, 300);
}
function saveDraft() {
  showDraft(drafts.save() ? draftNote.dataset.kept : "");
}
function showDraft(sentence) {
  draftNote.hidden = !sentence;
  draftNote.textContent = sentence.replace("{time}", clockOf(drafts.at));
  others.offer(drafts.others);
}
const others = createOthers((text) => takeOver(text));
// Puts a whole other text into the editor; what was there stays among the other versions.
function takeOver(text) {
  const before = textarea.value;
  if (text === before) return;
  replaceAll(view, text);
  drafts.replace(text, before);
  showDraft(draftNote.dataset.kept);
}

const chosen = textarea.value; // What the server put there: a restored submission, the last one sent, or the starter.
const draft = drafts.text;
const restored = "restored" in workspace.dataset;
const view = createEditor({
  textarea,
  doc: draft ?? chosen,
  nonce: workspace.dataset.nonce,
  phrases: JSON.parse(workspace.dataset.phrases),
  label: keys.dataset.label,
  onChange(text) {
    if (!adopting) keepDraft(text);
    sending.codeChanged();
    showAge();
  },
  onLeaving(on) {
    if (on && !keys.classList.contains("armed")) announce(keys.querySelector(".at-exit").textContent);
    keys.classList.toggle("armed", on);
  },
});
showDraft(draft === null ? "" : draftNote.dataset.kept);

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
form.querySelector("label").addEventListener("click", () => view.focus());

// Back to the starter ---------------------------------------------------------------------------------------------------
const dialog = document.getElementById("reset-dialog");
document.querySelector("[data-reset]").addEventListener("click", (event) => {
  event.preventDefault();
  dialog.returnValue = "";
  dialog.showModal();
});
dialog.addEventListener("close", () => {
  if (dialog.returnValue === "reset") takeOver(document.getElementById("starter").content.textContent);
  view.focus();
});

// Sending and the verdict -----------------------------------------------------------------------------------------------
const body = () => document.getElementById("result-body");
const age = document.getElementById("result-age");
const first = body();
let judged = "result" in first.dataset ? chosen : null; // The code that the shown result is about.
let sent = null; // The code on its way.

// Says when the shown result is about other code than the editor holds, or is about to be replaced.
function showAge() {
  const about = "result" in body().dataset ? judged : null;
  const changed = about !== null && about !== textarea.value;
  const reason = sent !== null ? age.dataset.sending : changed ? age.dataset.changed : "";
  age.hidden = !reason;
  age.textContent = reason;
  document.getElementById("result").classList.toggle("old", Boolean(reason));
}

const sending = watchSending({
  form,
  notice: document.getElementById("not-sent"),
  onSend() {
    markFault(view, null);
    sent = textarea.value;
    showAge();
  },
  onTaken() {
    judged = sent;
    sent = null;
  },
  onTrouble() {
    sent = null;
    showAge();
    tabs.show("result");
  },
});

// A result from the history may be about other code than the editor holds, whose lines it must not point at.
function editorHolds(number) {
  const inEditor = number <= view.state.doc.lines && view.state.doc.line(number).text;
  return inEditor === judged?.split("\n")[number - 1];
}

let stopListening = () => {};
function awaitVerdict(result) {
  stopListening();
  if (!result.dataset.events) return;
  stopListening = listen(result.dataset.events, {
    progress(sentence) {
      const line = result.querySelector("[data-progress]");
      if (line.textContent.trim() === sentence.trim()) return;
      line.textContent = sentence;
      announce(sentence);
    },
    verdict(html) {
      stopListening();
      htmx.swap("#result-body", html, { swapStyle: "outerHTML" });
    },
  });
}

htmx.onLoad((element) => {
  localise(element.parentElement ?? element);
  const result = element.id === "result-body" ? element : element.querySelector?.("#result-body");
  if (!result) return;
  awaitVerdict(result);
  showAge();
  if (!result.dataset.announce) return;
  if (result !== first) tabs.show("result");
  announce(result.dataset.announce);
  const line = Number(result.querySelector("[data-jump]")?.dataset.jump);
  if (line && result !== first && editorHolds(line)) markFault(view, line);
});
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

// What the address asked for --------------------------------------------------------------------------------------------
if (restored) {
  // Put in as a change, so that undo brings the draft back.
  takeOver(chosen);
  const address = new URL(location);
  address.searchParams.delete("restore");
  address.searchParams.delete("starter");
  history.replaceState(null, "", address);
}
addEventListener("pagehide", () => drafts.save());
