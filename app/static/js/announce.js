// Says a sentence to screen readers through the page's one live region.
export function announce(sentence) {
  const region = document.getElementById("announcer");
  if (!region || !sentence) return;
  region.textContent = "";
  // A region that is filled in the same frame as it was emptied is not read again.
  requestAnimationFrame(() => (region.textContent = sentence));
}
