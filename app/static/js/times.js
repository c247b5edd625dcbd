// Turns UTC times into the reader's own, and counts down to the end of an invitation.
const language = document.documentElement.lang;
const near = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

const clock = new Intl.DateTimeFormat(language, { timeStyle: "short", hourCycle: "h23" });

export const clockOf = (milliseconds) => clock.format(milliseconds);
export const momentOf = (milliseconds) => near.format(milliseconds);

export function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    time.title = time.textContent;
    time.textContent = near.format(new Date(time.dateTime));
  }
}

function left(milliseconds, days) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes >= 2 * 24 * 60) return days.replace("{n}", Math.floor(minutes / 1440));
  const seconds = Math.floor(milliseconds / 1000) % 60;
  const clock = [Math.floor(minutes / 60), minutes % 60, seconds];
  return clock.map((part) => String(part).padStart(2, "0")).join(":");
}

export function startCountdowns(root) {
  const all = [...root.querySelectorAll("[data-until]")];
  if (!all.length) return;
  const tick = () => {
    for (const element of all) {
      const rest = new Date(element.dataset.until) - Date.now();
      const text = rest > 0 ? element.dataset.left.replace("{time}", left(rest, element.dataset.days)) : element.dataset.over;
      if (element.textContent !== text) element.textContent = text;
      element.classList.toggle("soon", rest > 0 && rest < 10 * 60000);
      element.classList.toggle("over", rest <= 0);
    }
  };
  tick();
  setInterval(tick, 1000);
}
