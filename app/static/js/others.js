// The other versions of a draft: a button that says how many there are, and a dialog to read one and put it into the editor.
import { momentOf } from "./times.js";

export function createOthers(onTake) {
  const button = document.querySelector("[data-others]");
  const dialog = document.getElementById("others-dialog");
  const choice = dialog.querySelector("select");
  const shown = dialog.querySelector("pre");
  let versions = [];

  const show = () => (shown.textContent = versions[choice.selectedIndex].text);
  choice.addEventListener("change", show);
  button.addEventListener("click", () => {
    choice.replaceChildren(...versions.map((one) => new Option(momentOf(one.at))));
    show();
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "take") onTake(versions[choice.selectedIndex].text);
  });
  return {
    offer(all) {
      if (!dialog.open) versions = all;
      button.hidden = !all.length;
      button.textContent = button.dataset.others.replace("{n}", all.length);
    },
  };
}
