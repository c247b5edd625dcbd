// Tells by which step a Python file indents: a tab, or so many spaces.
const SPACES = "    ";

// The text that most blocks begin with beyond their opening line; four spaces where no block is there to tell.
export function stepOf(lines) {
  const seen = new Map();
  let opened = null; // The indentation of the line above, if that line opens a block.
  for (const line of lines) {
    if (!line.trim() || line.trimStart().startsWith("#")) continue;
    const indentation = line.slice(0, line.length - line.trimStart().length);
    if (opened !== null && indentation.length > opened.length && indentation.startsWith(opened)) {
      const step = indentation.slice(opened.length);
      if (/^(?:\t| {1,8})$/.test(step)) seen.set(step, (seen.get(step) ?? 0) + 1);
    }
    opened = /:\s*(?:#.*)?$/.test(line) ? indentation : null;
  }
  return [...seen].sort((one, other) => other[1] - one[1])[0]?.[0] ?? SPACES;
}
