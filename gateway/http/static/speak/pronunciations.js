// Words that are to be said otherwise, as people write them: a line each, as in the gateway's own file of them.
import { html } from "../html.js";

/** The entries of a field, and what keeps them from being used. */
export function read(written) {
  const entries = [];
  for (const [index, line] of written.split("\n").entries()) {
    if (!line.trim() || line.trimStart().startsWith("#")) continue;
    const at = line.indexOf("=");
    if (at < 0) return { entries: {}, problem: `Line ${index + 1} is not: word = how it is said` };
    entries.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return { entries: Object.fromEntries(entries), problem: "" };
}

/** The field for them; `refused` is what the gateway said of them, if it did. */
export function Pronunciations({ written, onWritten, refused }) {
  const problem = read(written).problem || refused;
  return html`<label class="pronunciations">Pronunciations, a line each
    <textarea rows="3" dir="auto" spellcheck="false" value=${written} onInput=${(event) => onWritten(event.target.value)}
      placeholder=${"Siobhan = /ʃɪvˈɔn/\nghcr = G H C R"} aria-invalid=${problem ? "true" : null}
      aria-describedby="pronunciations-note"></textarea>
    <small id="pronunciations-note" class=${problem ? "bad" : "quiet"}>${problem ||
    "A word, and its phonemes between slashes or other words. For every text here; kept in this browser, and sent with a text."}</small>
  </label>`;
}
