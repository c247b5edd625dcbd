// Keeps on the server what is typed into a form and not sent yet, so that leaving the page loses nothing.
const PAUSE_MS = 600;

export function keepTyped(form) {
  let waiting;
  const forget = () => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  const keep = () => {
    forget();
    // A beacon also leaves with a page that is going away.
    navigator.sendBeacon(form.dataset.keep, new URLSearchParams(new FormData(form)));
  };
  // Fields outside the form belong to it by name, and their events do not pass through it.
  document.addEventListener("input", (event) => {
    if (event.target.form !== form) return;
    clearTimeout(waiting);
    waiting = setTimeout(keep, PAUSE_MS);
  });
  form.addEventListener("submit", forget);
  addEventListener("pagehide", () => waiting && keep());
}
