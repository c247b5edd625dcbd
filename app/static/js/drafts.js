// Keeps the candidate's drafts in this browser, one for each candidate and problem. Two tabs share it: what one writes the
// other shows, and a text that would be written over stays among the others. Without storage it keeps nothing.
const MOST_OTHERS = 10;

function read(place) {
  try {
    const kept = localStorage.getItem(place);
    if (kept === null) return null;
    try {
      const draft = JSON.parse(kept);
      if (typeof draft?.text === "string" && Array.isArray(draft.others)) return draft;
    } catch {
      // A draft of an earlier version: the bare text.
    }
    return { revision: 0, text: kept, at: 0, others: [] };
  } catch {
    return null;
  }
}

// `onNewer` is called with a text that another tab wrote while this one held nothing of its own.
export function openDraft(key, onNewer) {
  const place = `handcode:draft:${key}`;
  let known = read(place);
  let edit = null; // What this tab holds and has not kept yet, and since when.

  // With `aside` among the others; the newest of them first, none twice, and not what the draft itself says.
  function keep(text, at, others, ...aside) {
    const all = [...aside, ...others].filter((one) => one && one.text !== text && one.text.trim());
    const kept = all.filter((one, index) => all.findIndex((two) => two.text === one.text) === index).slice(0, MOST_OTHERS);
    const draft = { revision: (read(place)?.revision ?? 0) + 1, text, at, others: kept };
    try {
      localStorage.setItem(place, JSON.stringify(draft));
    } catch {
      return false;
    }
    known = draft;
    return true;
  }

  addEventListener("storage", (event) => {
    if (event.key !== place || edit) return; // Who is writing meets the other text when this one is kept.
    known = read(place);
    if (known) onNewer(known);
  });

  return {
    get text() {
      return known?.text ?? null;
    },
    get at() {
      return known?.at ?? 0;
    },
    get others() {
      return known?.others ?? [];
    },
    // Says that this tab holds `text`; `save` keeps it.
    edit(text) {
      edit = { text, at: Date.now() };
    },
    // Whether the draft is kept. When another tab has kept one meanwhile the newer of the two counts, and both stay.
    save() {
      if (!edit) return true;
      const mine = edit;
      const stored = read(place);
      const others = stored?.others ?? [];
      const foreseen = (stored?.revision ?? 0) === (known?.revision ?? 0);
      let done;
      if (foreseen) done = keep(mine.text, mine.at, others);
      else if (mine.at >= stored.at) done = keep(mine.text, mine.at, others, stored);
      else done = keep(stored.text, stored.at, others, mine);
      if (done) edit = null;
      if (done && known.text !== mine.text) onNewer(known);
      return done;
    },
    // `text` takes the place of `before`, which stays among the others.
    replace(text, before) {
      keep(text, Date.now(), read(place)?.others ?? [], { text: before, at: edit?.at ?? known?.at ?? Date.now() });
      edit = null;
    },
  };
}
