// The workspace's tabs: one panel at a time beside the code, and on a narrow screen the code as a panel of its own.
export function createTabs(workspace) {
  const list = workspace.querySelector("[data-tabs]");
  const buttons = [...list.querySelectorAll("button")];
  const narrow = window.matchMedia("(max-width: 60rem)");
  list.hidden = false;
  list.setAttribute("role", "tablist");
  for (const button of buttons) {
    button.setAttribute("role", "tab");
    button.id = `tab-${button.dataset.tabFor}`;
    if (button.dataset.tabFor === "code") continue; // Beside the others on a wide screen: a region, not a panel.
    const panel = document.getElementById(button.dataset.tabFor);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
  }

  function show(name) {
    workspace.dataset.tab = name;
    const selected = name === "code" && !narrow.matches ? "statement" : name;
    for (const button of buttons) {
      const chosen = button.dataset.tabFor === selected;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) button.querySelector(".dot")?.remove();
    }
    // What is focused may just have been hidden, and the next Tab would begin at the top of the page.
    if (!document.activeElement.checkVisibility()) workspace.querySelector(`[data-panel=${name}]`).focus({ preventScroll: true });
  }

  function mark(name) {
    const button = buttons.find((candidate) => candidate.dataset.tabFor === name);
    if (button.getAttribute("aria-selected") === "true" || button.querySelector(".dot")) return;
    button.append(Object.assign(document.createElement("span"), { className: "dot" }));
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) show(button.dataset.tabFor);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const seen = buttons.filter((button) => button.offsetParent !== null);
    const next = seen[(seen.indexOf(document.activeElement) + step + seen.length) % seen.length];
    next.focus();
    show(next.dataset.tabFor);
    event.preventDefault();
  });
  narrow.addEventListener("change", () => show(workspace.dataset.tab));
  show(workspace.dataset.tab);
  return { show, mark, isNarrow: () => narrow.matches };
}
