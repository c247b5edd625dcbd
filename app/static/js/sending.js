// Sends the code and takes only our own answer: whatever else comes back is told as "Not sent", beside the result that was
// there, with a way to send again.
import { announce } from "./announce.js";

const MARK = "Handcode-Fragment"; // Only our own pieces of page carry it; a proxy's page does not.
const LONGEST_PAUSE_SECONDS = 60;
const MOST_TRIES = 10;

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Retry-After in seconds, which may be written as a date; null without one.
function pauseOf(xhr) {
  const said = xhr.status === 503 && xhr.getResponseHeader("Retry-After");
  if (!said) return null;
  const seconds = /^\d+$/.test(said.trim()) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.ceil(Math.min(Math.max(seconds, 1), LONGEST_PAUSE_SECONDS));
}

// `onSend` is called with what goes out, `onTaken` when our answer to it is about to be shown, `onTrouble` when none came.
export function watchSending({ form, notice, onSend, onTaken, onTrouble }) {
  const why = notice.querySelector("[data-why]");
  let action, waiting;
  let tries = 0;

  function sendAgain() {
    form.querySelector(`button[value=${action}]`)?.click(); // A click, since htmx learns from it which button it was.
  }

  function tell(sentence) {
    why.textContent = sentence;
    notice.hidden = false;
    announce(`${notice.querySelector("h2").textContent}. ${sentence}`);
    onTrouble();
  }

  function sendAfter(seconds) {
    tries += 1;
    const sentence = (left) => notice.dataset.busy.replace("{seconds}", left);
    tell(sentence(seconds));
    const due = Date.now() + seconds * 1000;
    waiting = setInterval(() => {
      const left = Math.ceil((due - Date.now()) / 1000);
      if (left > 0) why.textContent = sentence(left);
      else sendAgain();
    }, 250);
  }

  function onBeforeRequest(event) {
    clearInterval(waiting);
    waiting = undefined;
    notice.hidden = true;
    action = event.detail.requestConfig.formData.get("action");
    onSend();
  }

  function onAnswer(event) {
    const { xhr } = event.detail;
    const pause = pauseOf(xhr);
    const ours = xhr.getResponseHeader(MARK) !== null;
    if (pause !== null && tries < MOST_TRIES) {
      event.preventDefault();
      sendAfter(pause);
    } else if (!ours) {
      event.preventDefault();
      tell(notice.dataset.foreign.replace("{status}", xhr.status));
    } else {
      tries = 0;
      onTaken();
      // The second press of a double click is the same submission: it comes after the answer, which takes milliseconds.
      // A key that was not answered by us stays: whether it arrived or not, it counts once.
      setTimeout(() => (form.elements.once.value = newKey()), 1000);
    }
  }

  form.addEventListener("htmx:beforeRequest", onBeforeRequest);
  form.addEventListener("htmx:beforeOnLoad", onAnswer);
  for (const lost of ["htmx:sendError", "htmx:timeout", "htmx:sendAbort"]) {
    form.addEventListener(lost, () => tell(notice.dataset.offline));
  }
  notice.querySelector("[data-again]").addEventListener("click", sendAgain);
  return {
    // Other code is not sent by itself: what was asked for was to send what the editor held.
    codeChanged() {
      if (waiting === undefined) return;
      clearInterval(waiting);
      waiting = undefined;
      why.textContent = notice.dataset.changed;
      tries = 0;
    },
  };
}
