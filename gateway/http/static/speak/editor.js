// The text, and what it is spoken with.
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { Pronunciations } from "./pronunciations.js";

const FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"];
const PAUSE = "[pause:0.5s]";

/** `most` is the longest text that the gateway takes, in characters; `texts` are the examples and the help. */
export function Editor({ texts, text, onText, onExample, most, children }) {
  const area = useRef();
  const count = [...text].length;
  const isTooLong = count > most;
  const pause = () => {
    area.current.focus();
    // Deprecated, and yet the only way to put something into a field that its user can undo.
    document.execCommand("insertText", false, PAUSE);
  };
  return html`<section class="card editor" aria-labelledby="text-title">
    <div class="row spread">
      <h1 id="text-title">What shall I say?</h1>
      <small id="text-count" class=${isTooLong ? "bad" : "quiet"}>${count.toLocaleString("en")} / ${most.toLocaleString("en")}</small>
    </div>
    <textarea ref=${area} rows="6" dir="auto" aria-labelledby="text-title" aria-describedby="text-count"
      aria-invalid=${isTooLong ? "true" : null} value=${text} onInput=${(event) => onText(event.target.value)}
      placeholder="Type or paste a text, in any of the languages of the voices."></textarea>
    <div class="row spread under">
      <div class="row chips" role="group" aria-label="Examples">
        ${texts.examples.map((example) => html`<button class="chip" onClick=${() => onExample(example)}>${example.name}</button>`)}
      </div>
      <button class="chip" onClick=${pause} title=${`Puts ${PAUSE} where you write`}><${Icon} name="plus" size="14" />Insert pause</button>
    </div>
    ${children}
  </section>`;
}

/** How fast, as what, and the button that does it. */
export function Controls({ speed, onSpeed, format, onFormat, isSpeaking, canSpeak, onSpeak, onStop }) {
  return html`<div class="row spread controls">
    <label class="speed"><span>Speed</span>
      <input type="range" min="0.5" max="2" step="0.05" value=${speed} onInput=${(event) => onSpeed(Number(event.target.value))} />
      <output>${speed.toFixed(2)} ×</output>
    </label>
    <label class="format"><span>Format</span>
      <select value=${format} onChange=${(event) => onFormat(event.target.value)} title="Of the download and of the code">
        ${FORMATS.map((name) => html`<option>${name}</option>`)}
      </select>
    </label>
    ${isSpeaking
      ? html`<button class="speak stop" onClick=${onStop} title="Escape"><${Icon} name="stop" />Stop</button>`
      : html`<button class="speak" onClick=${onSpeak} disabled=${!canSpeak} title="Ctrl + Enter"><${Icon} name="play" />Speak</button>`}
  </div>`;
}

/** What can be written in a text, and how words are said. */
export function Marks({ texts, written, onWritten, refused }) {
  const details = useRef();
  useEffect(() => {
    if (refused) details.current.open = true;
  }, [refused]);
  return html`<details ref=${details}>
    <summary>Pauses and pronunciation</summary>
    <${Pronunciations} written=${written} onWritten=${onWritten} refused=${refused} />
    <table class="marks">
      <thead><tr><th>Write in the text</th><th>and it is</th></tr></thead>
      <tbody>${texts.markup.map(({ write, means }) => html`<tr><td><code>${write}</code></td><td>${means}</td></tr>`)}</tbody>
    </table>
  </details>`;
}
