// Keeps the candidate's draft in this browser, one for each candidate and problem; without storage it keeps nothing.
export function draftStore(key) {
  const place = `handcode:draft:${key}`;
  return {
    read() {
      try {
        return localStorage.getItem(place);
      } catch {
        return null;
      }
    },
    write(text) {
      try {
        localStorage.setItem(place, text);
        return true;
      } catch {
        return false;
      }
    },
  };
}
