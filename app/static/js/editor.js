// The editor: CodeMirror for Python in our colours, standing in for the form's textarea and keeping it up to date.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration, drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { stepOf } from "./indentation.js";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--syntax-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--syntax-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--syntax-number)" },
  { tag: tags.comment, color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className), tags.meta], color: "var(--syntax-name)" },
  { tag: [tags.self, tags.standard(tags.variableName), tags.className], color: "var(--syntax-builtin)" },
  { tag: tags.operator, color: "var(--syntax-operator)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const looks = EditorView.theme({
  "&": { flex: "1", minWidth: "0", height: "100%", color: "var(--ink)", backgroundColor: "var(--sheet)", fontSize: "var(--code-size)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "var(--code-line)", overflow: "auto" },
  ".cm-content": { padding: "0.6rem 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 1rem 0 0.6rem" },
  ".cm-gutters": { backgroundColor: "var(--sheet)", color: "var(--ink-soft)", border: "none", borderInlineEnd: "1px solid var(--line)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.6rem 0 0.9rem", minWidth: "2.4rem" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent-wash) 45%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--accent-wash)", color: "var(--ink)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)",
  },
  "&.cm-focused": { outline: "none" },
  "&.cm-focused .cm-gutters": { borderInlineEndColor: "var(--accent)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-wash)", outline: "1px solid var(--accent)" },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-wash)" },
  ".cm-fault": { backgroundColor: "var(--bad-wash)", boxShadow: "inset 3px 0 var(--bad)" },
  ".cm-panels": { backgroundColor: "var(--well)", color: "var(--ink)" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button": { width: "auto", height: "auto", padding: "0.15rem 0.5rem", margin: "0.1rem" },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "0.2rem" },
});

const setFault = StateEffect.define();
// The line an error points at stays marked until the candidate changes something.
const fault = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setFault)) {
        return effect.value === null ? Decoration.none : Decoration.set([Decoration.line({ class: "cm-fault" }).range(effect.value)]);
      }
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// Escape, then Tab leaves the editor. CodeMirror's own window for that is two seconds; ours stays open until the next key.
function leaving(onChange) {
  return EditorView.domEventHandlers({
    keydown(event, view) {
      if (event.key === "Escape") {
        view.setTabFocusMode(true);
        onChange(true);
      } else if (!["Tab", "Shift", "Control", "Alt", "Meta"].includes(event.key)) {
        view.setTabFocusMode(false);
        onChange(false);
      }
      return false;
    },
    blur(_event, view) {
      view.setTabFocusMode(false);
      onChange(false);
    },
  });
}

export function createEditor({ textarea, doc, nonce, phrases, onChange, onLeaving, label }) {
  const view = new EditorView({
    state: EditorState.create({
      doc,
      extensions: [
        EditorView.cspNonce.of(nonce), EditorState.phrases.of(phrases),
        lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection(), dropCursor(),
        EditorState.allowMultipleSelections.of(true), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(),
        highlightSelectionMatches(), syntaxHighlighting(colours), python(), indentUnit.compute(["doc"], (state) => stepOf(state.doc.iterLines())), EditorState.tabSize.of(4),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"), ...searchKeymap, ...historyKeymap, indentWithTab]),
        looks, fault, leaving(onLeaving),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": "keys", tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          textarea.value = update.state.doc.toString();
          onChange(textarea.value);
        }),
      ],
    }),
  });
  textarea.value = doc;
  textarea.hidden = true;
  textarea.after(view.dom);
  return view;
}

export function replaceAll(view, text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, userEvent: "input" });
}

export function markFault(view, number) {
  const there = number !== null && number >= 1 && number <= view.state.doc.lines;
  view.dispatch({ effects: setFault.of(there ? view.state.doc.line(number).from : null) });
}

export function goToLine(view, number) {
  const line = view.state.doc.line(Math.max(1, Math.min(number, view.state.doc.lines)));
  view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
  view.focus();
}
